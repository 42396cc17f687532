//! YAML files: one mapping, each value in the form that JSON and YAML share, so that every reader of
//! YAML 1.1 or 1.2 finds the same in it. Keys stand in quotes: a bare `NO` is a boolean to some.

use super::{Exported, JsonText, Value, normal};

pub(super) fn write(entries: &[Exported]) -> String {
    let mut out = String::new();
    for entry in entries {
        match (&entry.value, entry.value.json()) {
            (_, Some(json)) => {
                let json = normal(&json);
                out.push_str(&format!("{}: ", JsonText::of_text(&entry.key).as_str()));
                json.chars().for_each(|c| push_printable(&mut out, c));
                out.push('\n');
            }
            (Value::Absent(why), _) => out.push_str(&format!("# {} {why}\n", entry.key)),
            (_, None) => {}
        }
    }
    if out.lines().all(|line| line.starts_with('#')) {
        out.push_str("{}\n");
    }
    out
}

/// What YAML does not print stands in strings only, where it has an escape.
fn push_printable(out: &mut String, c: char) {
    match c {
        '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => {
            out.push_str(&format!("\\u{:04x}", u32::from(c)));
        }
        c => out.push(c),
    }
}
