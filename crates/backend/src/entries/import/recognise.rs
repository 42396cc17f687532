//! Telling the formats of a text apart, by its first line that is no comment.

use nexus_domain::import::ImportFormat;

pub(super) fn format(text: &str) -> ImportFormat {
    let lines = text.lines().map(str::trim);
    let first = lines.into_iter().find(|line| !line.is_empty() && !line.starts_with('#')).unwrap_or_default();
    if first.starts_with('{') {
        return ImportFormat::Json;
    }
    if first.starts_with("---") || first.starts_with("%YAML") {
        return ImportFormat::Yaml;
    }
    // `KEY: value`, and not `KEY=a: b`.
    let colon = first.find(": ").or_else(|| first.ends_with(':').then(|| first.len().saturating_sub(1)));
    match (colon, first.find('=')) {
        (Some(colon), equals) if equals.is_none_or(|equals| colon < equals) => ImportFormat::Yaml,
        _ => ImportFormat::Env,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_tells() {
        for (text, expected) in [
            ("A=1", ImportFormat::Env),
            ("# a: comment\n\nexport A=b: c", ImportFormat::Env),
            ("a:b=1", ImportFormat::Env),
            ("nonsense", ImportFormat::Env),
            ("", ImportFormat::Env),
            (" \n{\"a\":1}", ImportFormat::Json),
            ("---\na: 1", ImportFormat::Yaml),
            ("# A=1\nurl: http://x?a=b", ImportFormat::Yaml),
            ("\"a\": 1", ImportFormat::Yaml),
            ("a:\r\n  b: 1", ImportFormat::Yaml),
        ] {
            assert_eq!(format(text), expected, "{text:?}");
        }
    }
}
