//! Which versions of the evaluation engine there are, and which one a pin means. The one place that
//! decides it: everything that evaluates flags of an environment asks here.

use super::ENGINE_VERSION;
use crate::Refusal;

/// Every version that this program evaluates by, newest first.
pub const ENGINE_VERSIONS: [&str; 1] = [ENGINE_VERSION];

/// A version of the engine that this program has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Engine(&'static str);

impl Engine {
    pub const NEWEST: Self = Self(ENGINE_VERSION);

    pub const fn version(self) -> &'static str {
        self.0
    }
}

impl Default for Engine {
    fn default() -> Self {
        Self::NEWEST
    }
}

/// What may stand as a pin: a line (`1.x`, its newest version) or a version (`1.0`), newest first.
pub fn engine_pins() -> Vec<String> {
    let mut pins: Vec<String> = Vec::new();
    for version in ENGINE_VERSIONS {
        let line = version.split_once('.').map(|(major, _)| format!("{major}.x"));
        pins.extend(line.filter(|line| !pins.contains(line)));
        pins.push(version.to_owned());
    }
    pins
}

/// The engine that a pin means; without one the newest. A pin that was stored by a later version of
/// this program, and that this one does not know, means the newest too.
pub fn engine_for(pin: Option<&str>) -> Engine {
    pin.and_then(known).unwrap_or_default()
}

fn known(pin: &str) -> Option<Engine> {
    let fits = |version: &&&str| match pin.strip_suffix(".x") {
        Some(major) => version.split_once('.').is_some_and(|(of, _)| of == major),
        None => **version == pin,
    };
    ENGINE_VERSIONS.iter().find(fits).map(|version| Engine(version))
}

/// Lets a pin be written, or refuses it with those that there are.
///
/// # Errors
/// When this program has no such engine.
pub fn check_engine_pin(pin: &str) -> Result<(), Refusal> {
    match known(pin) {
        Some(_) => Ok(()),
        None => {
            let rule = format!("One of {}; there is no other engine here", engine_pins().join(", "));
            Err(Refusal::invalid("pinned_engine_version", rule))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_a_line_or_a_version() {
        assert_eq!(engine_pins(), ["1.x", "1.0"]);
        for pin in [None, Some("1.x"), Some("1.0")] {
            assert_eq!(engine_for(pin).version(), "1.0");
        }
        for pin in ["1.x", "1.0"] {
            assert_eq!(check_engine_pin(pin), Ok(()));
        }
    }

    #[test]
    fn a_pin_that_nobody_knows_is_refused_with_the_list_and_read_as_the_newest() {
        for pin in ["", "x", ".x", "1", "1.", "1.1", "2.x", "2.0", "1.0.0", " 1.0", "1.X"] {
            let refusal = check_engine_pin(pin).expect_err("refused");
            assert!(
                refusal.field("pinned_engine_version").is_some_and(|rule| rule.contains("1.x, 1.0")),
                "{pin}"
            );
            assert_eq!(engine_for(Some(pin)), Engine::NEWEST);
        }
    }
}
