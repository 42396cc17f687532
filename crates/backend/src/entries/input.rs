//! What stands beside a value, on its way in.

use crate::{Error, Result};
use nexus_domain::entry::{MAX_DESCRIPTION_CHARS, MAX_NOTE_CHARS, MAX_TAG_CHARS, MAX_TAGS};
use nexus_domain::slug;

/// Checks the description of a version: one line, at most 500 characters.
pub(crate) fn description(text: Option<String>) -> Result<String> {
    let text = text.unwrap_or_default();
    if text.chars().count() > MAX_DESCRIPTION_CHARS {
        return Err(Error::invalid("description", "At most 500 characters"));
    }
    let text = text.trim().to_owned();
    if slug::has_control(&text) {
        return Err(Error::invalid("description", "One line, no control characters"));
    }
    Ok(text)
}

/// Checks a note: at most 2,000 characters.
pub(crate) fn note(text: &str) -> Result<String> {
    if text.chars().count() > MAX_NOTE_CHARS {
        return Err(Error::invalid("note", "At most 2,000 characters"));
    }
    let text = text.trim().to_owned();
    if text.split(['\n', '\r', '\t']).any(slug::has_control) {
        return Err(Error::invalid("note", "No control characters"));
    }
    Ok(text)
}

/// Checks tags: at most 20 of at most 40 characters; each once, in their order.
pub(crate) fn tags(tags: Vec<String>) -> Result<Vec<String>> {
    if tags.len() > MAX_TAGS {
        return Err(Error::invalid("tags", "At most 20 tags"));
    }
    let mut kept: Vec<String> = Vec::new();
    for written in tags {
        let tag = written.trim().to_owned();
        if written.chars().count() > MAX_TAG_CHARS || slug::has_control(&tag) || tag.contains(',') {
            return Err(Error::invalid("tags", "Each at most 40 characters, without commas"));
        }
        if !tag.is_empty() && !kept.contains(&tag) {
            kept.push(tag);
        }
    }
    Ok(kept)
}
