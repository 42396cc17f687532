//! The server's half of an import: what a form asks for, and what is said when it was done.

use crate::components::time::{count, number};
use nexus_domain::import::{ImportFormat, ImportReport, ImportRequest};

/// A word that is no format is as good as none: the text is recognised.
pub fn import_request(format: &str, text: String, dry_run: bool, description: String) -> ImportRequest {
    let format = ImportFormat::parse(format).unwrap_or(ImportFormat::Auto);
    let description = Some(description).filter(|text| !text.is_empty());
    ImportRequest { format, text, dry_run, description }
}

/// What an import did, in one sentence.
pub fn imported(report: &ImportReport, what: &str) -> String {
    if report.new + report.changed == 0 {
        return "Nothing to import: every value is as it was".to_owned();
    }
    let mut text = format!("Imported {}", count(report.new, &format!("new {what}")));
    if report.changed > 0 {
        text.push_str(&format!(", {} changed", number(report.changed)));
    }
    if report.unchanged > 0 {
        text.push_str(&format!("; {} as they were", number(report.unchanged)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_import_says_what_it_did() {
        let report = |new, changed, unchanged| ImportReport {
            dry_run: false,
            format: ImportFormat::Env,
            items: vec![],
            new,
            changed,
            unchanged,
            invalid: 0,
        };
        assert_eq!(imported(&report(2, 1, 3), "secret"), "Imported 2 new secrets, 1 changed; 3 as they were");
        assert_eq!(imported(&report(0, 0, 4), "config"), "Nothing to import: every value is as it was");
    }
}
