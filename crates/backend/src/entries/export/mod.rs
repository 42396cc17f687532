//! Exporting entries to a text: `.env`, JSON or YAML. Each reads back as exactly what was written,
//! key by key; what a value is, and whether it may be shown, the kind decides.

mod env;
mod yaml;

pub(in crate::entries) use env::NOTE;

use nexus_domain::export::ExportFormat;
use nexus_domain::json::{JsonText, normal};
use zeroize::Zeroizing;

/// A key with what is known of its value.
pub(crate) struct Exported {
    pub key: String,
    pub value: Value,
}

pub(crate) enum Value {
    Text(Zeroizing<String>),
    /// A JSON value that is no string.
    Json(JsonText),
    /// Why there is none; the words follow the key.
    Absent(String),
}

impl Value {
    /// As JSON; none where there is no value.
    fn json(&self) -> Option<Zeroizing<String>> {
        match self {
            Self::Text(text) => Some(Zeroizing::new(JsonText::of_text(text).as_str().to_owned())),
            Self::Json(json) => Some(Zeroizing::new(json.as_str().to_owned())),
            Self::Absent(_) => None,
        }
    }
}

/// The file, with the entries in the order given.
pub(crate) fn write(format: ExportFormat, entries: &[Exported]) -> String {
    match format {
        ExportFormat::Env => env::write(entries),
        ExportFormat::Json => json(entries),
        ExportFormat::Yaml => yaml::write(entries),
    }
}

/// The file of texts that somebody has read already.
pub fn write_texts(
    format: ExportFormat,
    texts: impl IntoIterator<Item = (String, Zeroizing<String>)>,
) -> Zeroizing<String> {
    let entries = texts.into_iter().map(|(key, text)| Exported { key, value: Value::Text(text) });
    Zeroizing::new(write(format, &entries.collect::<Vec<_>>()))
}

/// One flat object. JSON knows no comments, so what has no value is not in it.
fn json(entries: &[Exported]) -> String {
    let pairs = entries.iter().filter_map(|entry| {
        let value = entry.value.json()?;
        Some(format!("  {}: {}", JsonText::of_text(&entry.key).as_str(), value.as_str()))
    });
    let pairs: Vec<String> = pairs.collect();
    if pairs.is_empty() { "{}\n".to_owned() } else { format!("{{\n{}\n}}\n", pairs.join(",\n")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entries::import::pairs;
    use nexus_domain::import::ImportFormat;
    use proptest::prelude::*;

    /// What a text may hold that is stored as a secret or config.
    const TEXT: &str = "([^\u{0}-\u{8}\u{b}\u{c}\u{e}-\u{1f}\u{7f}-\u{9f}]|['\"`$\\\\#\n\r ={}(]){0,40}";

    fn read(format: ImportFormat, text: &str) -> Vec<(String, String)> {
        let read = pairs(format, text).expect("pairs");
        let pair = |pair: crate::entries::Pair| {
            (pair.key.as_str().to_owned(), pair.value.plain().expect("a text").to_string())
        };
        read.1.into_iter().map(|found| pair(found.expect("a pair"))).collect()
    }

    fn text(key: &str, value: &str) -> Exported {
        Exported { key: key.into(), value: Value::Text(Zeroizing::new(value.into())) }
    }

    proptest! {
        #[test]
        fn what_is_exported_reads_back_the_same(values in proptest::collection::vec(TEXT, 1..6)) {
            // The second and the third would be one variable.
            let keys = ["KEY", "a.b", "a_b", "NO", "n:1-x"];
            let entries: Vec<Exported> = keys.iter().zip(&values).map(|(key, value)| text(key, value)).collect();
            let mut expected: Vec<(String, String)> =
                keys.iter().zip(&values).map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
            expected.sort();
            for (format, import) in [
                (ExportFormat::Env, ImportFormat::Env),
                (ExportFormat::Json, ImportFormat::Json),
                (ExportFormat::Yaml, ImportFormat::Yaml),
                (ExportFormat::Env, ImportFormat::Auto),
                (ExportFormat::Json, ImportFormat::Auto),
                (ExportFormat::Yaml, ImportFormat::Auto),
            ] {
                let file = write(format, &entries);
                let mut found = read(import, &file);
                found.sort();
                prop_assert_eq!(&found, &expected, "{}:\n{}", format, file);
            }
        }
    }

    #[test]
    fn what_has_no_value_is_named_where_there_are_comments() {
        let entries =
            [text("A", "1"), Exported { key: "B".into(), value: Value::Absent("is a file".into()) }];
        assert_eq!(write(ExportFormat::Json, &entries), "{\n  \"A\": \"1\"\n}\n");
        for format in [ExportFormat::Env, ExportFormat::Yaml] {
            assert!(write(format, &entries).contains("# B is a file\n"), "{format}");
        }
        assert_eq!(write(ExportFormat::Json, &[]), "{}\n");
    }

    #[test]
    fn numbers_and_json_stay_what_they_are() {
        let value = |text: &str| Value::Json(serde_json::from_str(text).expect("JSON"));
        let json = value("{\n \"a\" : [1.50, null] }");
        let entries =
            [Exported { key: "N".into(), value: value("1.50") }, Exported { key: "J".into(), value: json }];
        let yaml = write(ExportFormat::Yaml, &entries);
        assert_eq!(yaml, "\"N\": 1.50\n\"J\": {\"a\": [1.50, null]}\n");
        let env = write(ExportFormat::Env, &entries);
        assert_eq!(env, "N='1.50'\nJ='{\"a\": [1.50, null]}'\n");
    }
}
