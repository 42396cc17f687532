//! The audit log as a file: JSON lines for programs, CSV for spreadsheets.

use nexus_domain::audit::AuditRow;

/// JSON lines.
pub fn json_lines(rows: &[AuditRow]) -> String {
    rows.iter().filter_map(|row| serde_json::to_string(row).ok()).map(|line| line + "\n").collect()
}

const COLUMNS: &str =
    "seq,at,actor_kind,actor,event,outcome,project,environment,service,target,details,ip,hash\r\n";

/// CSV (RFC 4180) with a line of names.
pub fn csv(rows: &[AuditRow]) -> String {
    let mut text = COLUMNS.to_owned();
    for row in rows {
        let or_empty = |value: &Option<String>| value.clone().unwrap_or_default();
        let details = serde_json::to_string(&row.details).unwrap_or_default();
        let cells = [
            row.seq.to_string(),
            row.at.rfc3339(),
            row.actor_kind.clone(),
            row.actor.clone(),
            row.event.clone(),
            row.outcome.clone(),
            or_empty(&row.project),
            or_empty(&row.environment),
            or_empty(&row.service),
            or_empty(&row.target),
            details,
            or_empty(&row.ip),
            row.hash.clone(),
        ];
        text.push_str(&cells.iter().map(|cell| csv_cell(cell)).collect::<Vec<_>>().join(","));
        text.push_str("\r\n");
    }
    text
}

/// A cell of a CSV file (RFC 4180). What a spreadsheet would take for a formula gets a quote in
/// front, because names come from people.
fn csv_cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_no_formulas() {
        assert_eq!(csv_cell("plain"), "plain");
        assert_eq!(csv_cell("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(csv_cell("=HYPERLINK(1)"), "'=HYPERLINK(1)");
    }
}
