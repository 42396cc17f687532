//! What the buttons inside the form do to it: one more row, one less, another order. The browser does
//! it at once; without JavaScript the form is sent with the name of the act and comes back changed.

use super::{Draft, PartDraft, RuleDraft, ServeDraft, VariantDraft};

impl Draft {
    /// `rule.add`, `rule.2.up`, `rule.2.down`, `rule.2.remove`, `rule.2.part.add`,
    /// `rule.2.part.0.remove`, `variant.add`, `variant.1.remove`. Anything else changes nothing.
    pub fn apply(&mut self, act: &str) {
        let words: Vec<&str> = act.split('.').collect();
        let number = |word: &&str| word.parse::<usize>().ok();
        match words.as_slice() {
            ["variant", "add"] => self.add_variant(),
            ["variant", at, "remove"] => drop(number(at).map(|at| self.remove_variant(at))),
            ["rule", "add"] => self.add_rule(),
            ["rule", at, act] => drop(number(at).map(|at| self.move_rule(at, act))),
            ["rule", at, "part", rest @ ..] => {
                if let Some(rule) = number(at).and_then(|at| self.rules.get_mut(at)) {
                    match rest {
                        ["add"] => rule.parts.push(PartDraft { op: "eq".to_owned(), ..PartDraft::default() }),
                        [at, "remove"] => drop(number(at).map(|at| remove(&mut rule.parts, at))),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }

    fn add_rule(&mut self) {
        let is_taken = |id: &str| self.rules.iter().any(|rule| rule.id == id);
        let id = (1..).map(|number| format!("rule-{number}")).find(|id| !is_taken(id)).unwrap_or_default();
        let parts = vec![PartDraft { op: "eq".to_owned(), ..PartDraft::default() }];
        self.rules.push(RuleDraft { id, parts, join: "all".to_owned(), ..RuleDraft::default() });
    }

    fn move_rule(&mut self, at: usize, act: &str) {
        let other = match act {
            "up" => at.checked_sub(1),
            "down" => at.checked_add(1),
            "remove" => return remove(&mut self.rules, at),
            _ => None,
        };
        if let Some(other) = other.filter(|other| at.max(*other) < self.rules.len()) {
            self.rules.swap(at, other);
        }
    }

    /// The first variants of a boolean flag are those that it has without any.
    fn add_variant(&mut self) {
        let variant =
            |name: &str, value: &str| VariantDraft { name: name.to_owned(), value: value.to_owned() };
        if self.variants.is_empty() {
            let values = if self.kind == "boolean" { ["true", "false"] } else { ["", ""] };
            self.variants =
                ["on", "off"].iter().zip(values).map(|(name, value)| variant(name, value)).collect();
            (self.on_variant, self.off_variant) = ("0".to_owned(), "1".to_owned());
        } else {
            self.variants.push(VariantDraft::default());
        }
    }

    /// Whoever served it serves the variant of the flag that is on; whoever served a later one keeps it.
    fn remove_variant(&mut self, gone: usize) {
        if gone >= self.variants.len() {
            return;
        }
        remove(&mut self.variants, gone);
        let shift = |number: &mut String, without: &str| match number.parse::<usize>() {
            Ok(at) if at == gone => *number = without.to_owned(),
            Ok(at) if at > gone => *number = (at - 1).to_string(),
            _ => {}
        };
        shift(&mut self.on_variant, "0");
        shift(&mut self.off_variant, "0");
        let serves = self.rules.iter_mut().map(|rule| &mut rule.serve).chain([&mut self.rollout]);
        for ServeDraft { what, split, .. } in serves {
            shift(what, "");
            split.retain(|part| part.variant.parse() != Ok(gone));
            split.iter_mut().for_each(|part| shift(&mut part.variant, "0"));
        }
    }
}

fn remove<T>(rows: &mut Vec<T>, at: usize) {
    if at < rows.len() {
        rows.remove(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_come_move_and_go() {
        let mut draft = Draft::default();
        let ids =
            |draft: &Draft| draft.rules.iter().map(|rule| rule.id.clone()).collect::<Vec<_>>().join(" ");
        for act in ["rule.add", "rule.add", "rule.add"] {
            draft.apply(act);
        }
        assert_eq!(ids(&draft), "rule-1 rule-2 rule-3");
        draft.apply("rule.0.down");
        draft.apply("rule.2.up");
        assert_eq!(ids(&draft), "rule-2 rule-3 rule-1");
        draft.apply("rule.1.remove");
        draft.apply("rule.add");
        assert_eq!(ids(&draft), "rule-2 rule-1 rule-3");
        draft.apply("rule.0.part.add");
        draft.apply("rule.0.part.0.remove");
        assert_eq!(draft.rules.first().map(|rule| rule.parts.len()), Some(1));
    }

    #[test]
    fn acts_that_make_no_sense_change_nothing() {
        let mut draft = Draft::default();
        draft.apply("rule.add");
        let before = draft.clone();
        for act in [
            "",
            ".",
            "rule",
            "rule.7.remove",
            "rule.0.up",
            "rule.0.down",
            "rule.-1.up",
            "variant.9.remove",
            "rule.0.part.5.remove",
            "rule.99999999999999999999.up",
            "rule.18446744073709551615.down",
        ] {
            draft.apply(act);
            assert_eq!(draft, before, "{act}");
        }
    }

    #[test]
    fn who_serves_a_variant_keeps_it_when_another_one_goes() {
        let mut draft = Draft { kind: "boolean".to_owned(), ..Draft::default() };
        draft.apply("variant.add");
        draft.apply("variant.add");
        draft.apply("rule.add");
        draft.rollout.what = "2".to_owned();
        if let Some(rule) = draft.rules.first_mut() {
            rule.serve.what = "0".to_owned();
        }
        draft.apply("variant.0.remove");
        assert_eq!(draft.rollout.what, "1");
        assert_eq!(draft.rules.first().map(|rule| rule.serve.what.as_str()), Some(""));
        assert_eq!((draft.on_variant.as_str(), draft.off_variant.as_str()), ("0", "0"));
    }
}
