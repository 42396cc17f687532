//! The table as text: one line for each row, the actors' columns first.

use super::ACTORS;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

pub struct Section {
    pub title: &'static str,
    pub rows: Vec<(String, Vec<u16>)>,
}

const ABOUT: &str = "\
# The status that every route answers every kind of actor with; tests/http/table says how it is measured.
# nobody: no credential. ended: the cookie of a session that was ended. rival: owner of another tenant. removed: once a member, of that other tenant now.
# invited: of that other tenant too, with a pending invitation to this one.
# owner, finance, member: tenant roles. lead, manager, dev, peer, tester, viewer: members with the project
# role owner, manager, developer (twice), tester, viewer. nx_admin: admin:all. nx_wide: every other scope.
# nx_none: a scope that nothing here takes. nx_pub: publishable. nx_rival: admin:all of another tenant.
# sk_r, sk_rw: keys of the service api with access read and read_write. sk_off: a revoked one. pk: of web.
# ws: a session that a rule of api opened.
# oauth, oauth_none: an app that acts for the owner, with every scope but admin:all, and with one that nothing here takes.
# oauth_cli: the command line of dev, which sees the own developer environments and no other.
# jwt: a token that a key of live has signed, for services, configs and flags; jwt_none: one that nobody signed.
# A browser that may not see a page is sent on (303): to sign in, or to where it may go.
";

fn columns() -> String {
    let mut line = String::new();
    for (name, _) in ACTORS {
        let _infallible = write!(line, "{name:>width$}", width = name.len().max(3) + 1);
    }
    line
}

fn line(name: &str, statuses: &[u16]) -> String {
    let mut line = String::new();
    for ((actor, _), status) in ACTORS.iter().zip(statuses) {
        let _infallible = write!(line, "{status:>width$}", width = actor.len().max(3) + 1);
    }
    format!("{line}  {name}")
}

fn write(sections: &[Section]) -> String {
    let mut text = ABOUT.to_owned();
    for section in sections {
        let _infallible = write!(text, "\n## {}\n{}\n", section.title, columns());
        for (name, statuses) in &section.rows {
            text.push_str(&line(name, statuses));
            text.push('\n');
        }
    }
    text
}

/// Row → statuses, of all sections.
fn read(text: &str) -> BTreeMap<String, Vec<u16>> {
    let mut rows = BTreeMap::new();
    for line in
        text.lines().filter(|line| line.contains("  ") && line.contains('/') && !line.starts_with('#'))
    {
        let mut rest = line;
        let mut statuses = Vec::new();
        while let Some((word, after)) = rest.trim_start().split_once(' ') {
            let Ok(status) = word.parse() else { break };
            statuses.push(status);
            rest = after;
        }
        let before = rows.insert(rest.trim_start().to_owned(), statuses);
        assert!(before.is_none(), "the table has two rows for {}", rest.trim_start());
    }
    rows
}

/// Compares what was measured with the checked-in table, or writes the table when that was asked for.
pub fn compare_or_write(sections: &[Section]) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/http/routes.txt");
    #[expect(clippy::disallowed_methods, reason = "how a person says that the table is to be written")]
    let write_it = std::env::var("NEXUS_WRITE_ROUTES").is_ok();
    if write_it {
        let text = write(sections);
        // What nobody could read again is not written either.
        let _rows = read(&text);
        std::fs::write(&file, text).expect("the table");
        return;
    }
    let text = std::fs::read_to_string(&file).expect("tests/http/routes.txt");
    assert!(text.contains(&columns()), "the columns of the table are other actors");
    let mut expected = read(&text);
    let mut differences = Vec::new();
    for (name, statuses) in sections.iter().flat_map(|section| &section.rows) {
        let Some(row) = expected.remove(name) else {
            differences.push(format!("{name} is not in the table"));
            continue;
        };
        for (((actor, _), is), should) in ACTORS.iter().zip(statuses).zip(&row) {
            if is != should {
                differences.push(format!("{name} as {actor}: the table says {should}, it is {is}"));
            }
        }
    }
    differences.extend(expected.keys().map(|name| format!("{name} is in the table and nobody calls it")));
    assert!(differences.is_empty(), "\n{}", differences.join("\n"));
}
