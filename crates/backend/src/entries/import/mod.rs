//! Importing entries from a `.env`, JSON or YAML text: taking it apart, and what every import plans and
//! reports alike. What a value is, and whether it is another one than before, the kind decides.

mod env;
mod json;
mod recognise;
mod yaml;
mod yaml_words;

use super::Entry;
use crate::{Error, Result};
use nexus_domain::export::{Collision, collisions};
use nexus_domain::import::{
    ImportFormat, ImportItem, ImportReport, ImportState, MAX_IMPORT_BYTES, MAX_IMPORT_KEYS,
};
use nexus_domain::key::EntryKey;
use nexus_domain::{Code, Refusal};
use serde_json::value::RawValue;
use serde_json::{Map, json};
use std::collections::{BTreeSet, HashMap};
use zeroize::Zeroizing;

/// A value as it stands in a text.
pub(crate) enum Given {
    Text(Zeroizing<String>),
    Json(Box<RawValue>),
    /// A word of YAML without quotes: what stands there, and what it means, if JSON can say it.
    Word {
        text: Zeroizing<String>,
        json: Result<Box<RawValue>, String>,
    },
}

impl Given {
    /// As text; structures have none.
    pub fn plain(self) -> Result<Zeroizing<String>, String> {
        match self {
            Self::Text(text) | Self::Word { text, .. } => Ok(text),
            Self::Json(value) => json::plain(&value),
        }
    }
}

/// One key and value of a text, or why it is none.
struct Found {
    line: Option<i64>,
    key: String,
    value: Result<Given, String>,
}

/// A key with its value, ready for the kind to judge.
pub(crate) struct Pair {
    pub line: Option<i64>,
    pub key: EntryKey,
    pub value: Given,
}

/// An item of the plan with what is needed to carry it out.
pub(crate) struct Step<V> {
    pub item: ImportItem,
    pub write: Option<(Option<Entry>, EntryKey, V)>,
}

impl<V> Step<V> {
    pub fn invalid(line: Option<i64>, key: String, reason: String) -> Self {
        let item = ImportItem { line, key, state: ImportState::Invalid, reason: Some(reason) };
        Self { item, write: None }
    }

    /// What becomes of a key. `entry` is the service's own; `is_equal` says whether the service has this
    /// very value already, its own or an inherited one.
    pub fn of(line: Option<i64>, key: EntryKey, entry: Option<Entry>, value: V, is_equal: bool) -> Self {
        let (state, reason) = match &entry {
            None if is_equal => (ImportState::Unchanged, Some("Inherited with this very value".to_owned())),
            None => (ImportState::New, None),
            Some(_) if is_equal => (ImportState::Unchanged, None),
            Some(_) => (ImportState::Changed, None),
        };
        let item = ImportItem { line, key: key.as_str().to_owned(), state, reason };
        let write = (state != ImportState::Unchanged).then_some((entry, key, value));
        Self { item, write }
    }
}

/// The keys of a text and their values as text, in the order in which they stand there; or what is wrong with
/// one of them. The other half of [`write_texts`](super::write_texts).
pub fn read_texts(format: ImportFormat, text: &str) -> Result<Vec<Result<Named, ImportItem>>> {
    let (_, pairs) = pairs(format, text)?;
    let plain = |Pair { line, key, value }| match value.plain() {
        Ok(value) => Ok((key.as_str().to_owned(), value)),
        Err(reason) => Err(Step::<()>::invalid(line, key.as_str().to_owned(), reason).item),
    };
    Ok(pairs.into_iter().map(|pair| pair.and_then(plain)).collect())
}

/// A key with its value.
pub type Named = (String, Zeroizing<String>);

/// What stands in a text.
pub(crate) type Pairs = Vec<Result<Pair, ImportItem>>;

/// Takes a text apart, and says how it was read. What is no pair, no key, or stands there twice is an
/// invalid item.
pub(crate) fn pairs(format: ImportFormat, text: &str) -> Result<(ImportFormat, Pairs)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let format = match format {
        ImportFormat::Auto => recognise::format(text),
        said => said,
    };
    let found = parse(format, text)?;
    let mut times: HashMap<String, usize> = HashMap::new();
    for pair in &found {
        *times.entry(pair.key.clone()).or_default() += 1;
    }
    Ok((format, found.into_iter().map(|found| pair(found, &times)).collect()))
}

fn parse(format: ImportFormat, text: &str) -> Result<Vec<Found>> {
    if text.len() > MAX_IMPORT_BYTES {
        let refusal = Refusal::new(Code::TooLarge, "An import is at most 1 MiB");
        return Err(refusal.with("text", "An import is at most 1 MiB").into());
    }
    let found = match format {
        ImportFormat::Json => json::parse(text)?,
        ImportFormat::Yaml => yaml::parse(text)?,
        ImportFormat::Env | ImportFormat::Auto => env::parse(text),
    };
    match found.len() {
        0 => Err(Error::invalid("text", "There is no key in this text")),
        n if n > MAX_IMPORT_KEYS => Err(Error::invalid("text", "At most 1,000 keys at once")),
        _ => Ok(found),
    }
}

fn pair(found: Found, times: &HashMap<String, usize>) -> Result<Pair, ImportItem> {
    let Found { line, key, value } = found;
    let no = |key: String, reason: String| ImportItem {
        line,
        key,
        state: ImportState::Invalid,
        reason: Some(reason),
    };
    let parsed = EntryKey::parse(&key);
    if parsed.is_ok() && times.get(&key).is_some_and(|times| *times > 1) {
        return Err(no(key, "This key stands in the text more than once".into()));
    }
    let value = value.map_err(|reason| no(shown(&key), reason))?;
    let key = parsed.map_err(|refusal| no(shown(&key), rule_of(&refusal)))?;
    Ok(Pair { line, key, value })
}

/// The rule that a refusal names, in words.
pub(crate) fn rule_of(refusal: &Refusal) -> String {
    let rule = ["key", "value"].into_iter().find_map(|field| refusal.field(field));
    rule.unwrap_or(&refusal.message).to_owned()
}

/// A key, or what stands where one should be, cut short: it may be a piece of a value that lost its
/// quotes, and a refusal ends in logs.
fn shown(key: &str) -> String {
    if EntryKey::parse(key).is_ok() {
        return key.to_owned();
    }
    let start = key.chars().take_while(|c| c.is_ascii_alphanumeric() || "_.:-".contains(*c)).take(16);
    start.chain(['…']).collect()
}

/// Points out the keys that, with those that are there already, meet as environment variables.
pub(crate) fn point_out_collisions<V>(steps: &mut [Step<V>], there: &[String]) {
    let mut keys: BTreeSet<&str> = there.iter().map(String::as_str).collect();
    keys.extend(
        steps.iter().filter(|it| it.item.state != ImportState::Invalid).map(|it| it.item.key.as_str()),
    );
    let met = collisions(keys);
    for step in steps.iter_mut().filter(|it| it.item.state != ImportState::Invalid) {
        let of_this = met.iter().filter(|it| it.keys.contains(&step.item.key)).map(Collision::describe);
        let reasons: Vec<String> = step.item.reason.take().into_iter().chain(of_this).collect();
        step.item.reason = Some(reasons.join("; ")).filter(|reason| !reason.is_empty());
    }
}

pub(crate) fn report<V>(steps: &[Step<V>], format: ImportFormat, dry_run: bool) -> ImportReport {
    let count =
        |state| i64::try_from(steps.iter().filter(|step| step.item.state == state).count()).unwrap_or(0);
    ImportReport {
        dry_run,
        format,
        new: count(ImportState::New),
        changed: count(ImportState::Changed),
        unchanged: count(ImportState::Unchanged),
        invalid: count(ImportState::Invalid),
        items: steps.iter().map(|step| step.item.clone()).collect(),
    }
}

/// All or nothing: refuses a report with an invalid key, naming each with its reason.
pub(crate) fn refuse_invalid(report: &ImportReport) -> Result<()> {
    if report.invalid == 0 {
        return Ok(());
    }
    let bad: Map<_, _> = report
        .items
        .iter()
        .filter_map(|item| Some((item.key.clone(), json!(item.reason.as_ref()?))))
        .collect();
    let message = format!("{} of the keys cannot be imported, so nothing was", report.invalid);
    Err(Refusal::new(Code::InvalidRequest, message)
        .with("text", first_reasons(report))
        .with("keys", bad)
        .into())
}

/// What is wrong with the first keys, for those who see no preview.
fn first_reasons(report: &ImportReport) -> String {
    let invalid = report.items.iter().filter(|item| item.state == ImportState::Invalid);
    let reason = |item: &ImportItem| format!("{}: {}", item.key, item.reason.as_deref().unwrap_or_default());
    let mut reasons: Vec<String> = invalid.take(3).map(reason).collect();
    let more = report.invalid.saturating_sub(3);
    if more > 0 {
        reasons.push(format!("and {more} more"));
    }
    reasons.join("; ")
}
