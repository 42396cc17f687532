//! What a service's configs lead to: every key that it has, own or inherited, and which config names
//! which. Rules about references are judged here, on names alone; no value is needed.

use crate::template::{MAX_DEPTH, Reference, ReferenceKind, Unresolved};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// What a secret is, as far as a reference to it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Text,
    File,
    NeedsValue,
}

/// Why a config may not be written: the code, and the names that lead there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    pub code: Unresolved,
    pub path: Vec<Reference>,
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let path: Vec<String> = self.path.iter().map(Reference::to_string).collect();
        let path = path.join(" → ");
        match self.code {
            Unresolved::Missing => write!(f, "{path}: there is no such key here"),
            Unresolved::NeedsValue => write!(f, "{path} needs a value"),
            Unresolved::NotText => write!(f, "{path}: this secret is a file, and no text"),
            Unresolved::TooLarge => write!(f, "{path}: at most {MAX_DEPTH} references in a row"),
            Unresolved::Cycle => write!(f, "{path}: this leads in a circle"),
            Unresolved::Unreadable => write!(f, "{path} is stored in a way that cannot be read"),
        }
    }
}

/// The keys of a service.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    secrets: HashMap<String, Standing>,
    flags: HashSet<String>,
    configs: BTreeMap<String, Config>,
}

/// What is known of a config without its value.
#[derive(Debug, Clone, Default)]
struct Config {
    /// Why there is no value to be resolved.
    absent: Option<Unresolved>,
    references: Vec<Reference>,
}

/// Configs in an order in which each comes behind those that it names, with how many references lead
/// on from it in a row. What leads in a circle is not among them.
pub(crate) struct Order<'a> {
    pub sorted: Vec<&'a str>,
    pub heights: HashMap<&'a str, usize>,
}

/// Judges the configs of a scope, one by one, after having looked at all of them once.
pub struct Judge<'a> {
    scope: &'a Scope,
    order: Order<'a>,
    /// How many references in a row lead to each.
    depths: HashMap<&'a str, usize>,
}

impl Scope {
    pub fn put_secret(&mut self, key: impl Into<String>, standing: Standing) {
        self.secrets.insert(key.into(), standing);
    }

    pub fn put_flag(&mut self, key: impl Into<String>) {
        self.flags.insert(key.into());
    }

    /// A config with a value that names these.
    pub fn put_config(&mut self, key: impl Into<String>, references: Vec<Reference>) {
        self.configs.insert(key.into(), Config { absent: None, references });
    }

    /// Adds to what a config names.
    pub fn put_reference(&mut self, key: &str, reference: Reference) {
        self.configs.entry(key.to_owned()).or_default().references.push(reference);
    }

    /// Brings what each config names in order, after many were added.
    pub fn sort_references(&mut self) {
        for config in self.configs.values_mut() {
            config.references.sort();
        }
    }

    pub fn put_config_without_value(&mut self, key: impl Into<String>) {
        self.put_absent(key.into(), Unresolved::NeedsValue);
    }

    /// A config whose stored value this program cannot read.
    pub fn put_unreadable_config(&mut self, key: impl Into<String>) {
        self.put_absent(key.into(), Unresolved::Unreadable);
    }

    fn put_absent(&mut self, key: String, code: Unresolved) {
        self.configs.insert(key, Config { absent: Some(code), references: Vec::new() });
    }

    /// What is wrong with a reference by itself.
    fn fault(&self, reference: &Reference) -> Option<Unresolved> {
        let there = match reference.kind {
            ReferenceKind::Flag => self.flags.contains(&reference.key),
            ReferenceKind::Config => self.configs.contains_key(&reference.key),
            ReferenceKind::Secret => match self.secrets.get(&reference.key) {
                Some(Standing::File) => return Some(Unresolved::NotText),
                standing => standing.is_some(),
            },
        };
        (!there).then_some(Unresolved::Missing)
    }

    pub fn judge(&self) -> Judge<'_> {
        let order = self.order();
        let mut depths: HashMap<&str, usize> = HashMap::new();
        for &key in order.sorted.iter().rev() {
            let depth = depths.get(key).copied().unwrap_or(0);
            for next in self.next(key) {
                let known = depths.entry(next).or_default();
                *known = (*known).max(depth + 1);
            }
        }
        Judge { scope: self, order, depths }
    }

    /// What a config names.
    pub fn references(&self, key: &str) -> &[Reference] {
        self.configs.get(key).map_or(&[], |config| &config.references)
    }

    /// Every config, by key.
    pub fn configs(&self) -> impl Iterator<Item = &str> {
        self.configs.keys().map(String::as_str)
    }

    pub fn has_secret(&self, key: &str) -> bool {
        self.secrets.contains_key(key)
    }

    /// The configs that a config names and that are there.
    fn next(&self, key: &str) -> impl Iterator<Item = &str> {
        let configs = self.references(key).iter().filter(|it| it.kind == ReferenceKind::Config);
        configs.filter_map(|it| self.configs.get_key_value(&it.key)).map(|(key, _)| key.as_str())
    }

    /// For each config those that name it.
    fn named_by(&self) -> HashMap<&str, Vec<&str>> {
        let mut named_by: HashMap<&str, Vec<&str>> = HashMap::new();
        for key in self.configs.keys() {
            for next in self.next(key) {
                named_by.entry(next).or_default().push(key);
            }
        }
        named_by
    }

    /// Sorts the configs so that each comes behind what it names (Kahn, 1962).
    pub(crate) fn order(&self) -> Order<'_> {
        let named_by = self.named_by();
        let mut open: HashMap<&str, usize> =
            self.configs.keys().map(|key| (key.as_str(), self.next(key).count())).collect();
        let mut sorted: Vec<&str> =
            self.configs.keys().map(String::as_str).filter(|key| open.get(key) == Some(&0)).collect();
        let mut heights = HashMap::new();
        let mut at = 0;
        while let Some(&key) = sorted.get(at) {
            at += 1;
            let below = self.next(key).filter_map(|next| heights.get(next)).max().copied().unwrap_or(0);
            heights.insert(key, if self.references(key).is_empty() { 0 } else { below + 1 });
            for &above in named_by.get(key).into_iter().flatten() {
                if let Some(left) = open.get_mut(above) {
                    *left -= 1;
                    if *left == 0 {
                        sorted.push(above);
                    }
                }
            }
        }
        Order { sorted, heights }
    }

    /// From a config that is in no order on to the first name that comes twice.
    fn circle(&self, key: &str, order: &Order<'_>) -> Vec<Reference> {
        let (mut path, mut seen, mut at) = (vec![Reference::config(key)], HashSet::from([key]), key);
        while let Some(next) = self.next(at).find(|next| !order.heights.contains_key(next)) {
            path.push(Reference::config(next));
            if !seen.insert(next) {
                break;
            }
            at = next;
        }
        path
    }

    /// The longest way from any config over this one to the end of all references.
    fn longest_path_through(&self, key: &str, order: &Order<'_>) -> Vec<Reference> {
        // How far each config that leads here is away; those that are named come first.
        let mut away: HashMap<&str, usize> = HashMap::from([(key, 0)]);
        for &other in &order.sorted {
            if let Some(steps) = self.next(other).filter_map(|next| away.get(next)).max().copied() {
                away.insert(other, steps + 1);
            }
        }
        let mut path = Vec::new();
        let farthest = away.iter().max_by_key(|(other, steps)| (**steps, std::cmp::Reverse(**other)));
        let mut at = farthest.map_or(key, |(other, _)| other);
        while at != key {
            path.push(Reference::config(at));
            let steps = away.get(at).copied().unwrap_or(0);
            let next = self.next(at).find(|next| away.get(next).is_some_and(|left| left + 1 == steps));
            at = next.unwrap_or(key);
        }
        loop {
            path.push(Reference::config(at));
            let height = order.heights.get(at).copied().unwrap_or(0);
            match self.next(at).find(|next| order.heights.get(next).is_some_and(|it| it + 1 == height)) {
                Some(next) if height > 1 => at = next,
                _ => break,
            }
        }
        path.extend(self.references(at).first().cloned());
        path
    }

    /// Every secret that the configs reach, directly or through others.
    pub fn secrets_reached<'a>(&'a self, keys: impl IntoIterator<Item = &'a str>) -> BTreeSet<&'a str> {
        let mut open: Vec<&str> = keys.into_iter().collect();
        let mut seen: HashSet<&str> = open.iter().copied().collect();
        let mut reached = BTreeSet::new();
        while let Some(key) = open.pop() {
            let secrets = self.references(key).iter().filter(|it| it.kind == ReferenceKind::Secret);
            reached.extend(secrets.map(|it| it.key.as_str()));
            open.extend(self.next(key).filter(|next| seen.insert(next)));
        }
        reached
    }

    /// The configs that reach a secret.
    pub fn tainted(&self) -> HashSet<&str> {
        let named_by = self.named_by();
        let names_secret =
            |config: &Config| config.references.iter().any(|it| it.kind == ReferenceKind::Secret);
        let direct = self.configs.iter().filter(|(_, config)| names_secret(config));
        let mut open: Vec<&str> = direct.map(|(key, _)| key.as_str()).collect();
        let mut tainted: HashSet<&str> = open.iter().copied().collect();
        while let Some(key) = open.pop() {
            open.extend(named_by.get(key).into_iter().flatten().filter(|above| tainted.insert(above)));
        }
        tainted
    }

    /// Why there is no value under this key.
    pub(crate) fn absence(&self, key: &str) -> Unresolved {
        self.configs.get(key).and_then(|config| config.absent).unwrap_or(Unresolved::Missing)
    }
}

impl Judge<'_> {
    /// Whether the config may be written as it stands here: it names what is there, leads in no
    /// circle, and neither it nor anything through it leads on too far. What merely needs a value is
    /// fine.
    pub fn check(&self, key: &str) -> Result<(), Broken> {
        for reference in self.scope.references(key) {
            if let Some(code) = self.scope.fault(reference) {
                return Err(Broken { code, path: vec![Reference::config(key), reference.clone()] });
            }
        }
        self.check_shape(key)
    }

    /// The part of [`check`](Self::check) that another service's overrides can change: circles and
    /// depth.
    pub fn check_shape(&self, key: &str) -> Result<(), Broken> {
        let Some(height) = self.order.heights.get(key) else {
            return match self.scope.configs.contains_key(key) {
                true => Err(Broken { code: Unresolved::Cycle, path: self.scope.circle(key, &self.order) }),
                false => Ok(()),
            };
        };
        if height + self.depths.get(key).copied().unwrap_or(0) > MAX_DEPTH {
            let path = self.scope.longest_path_through(key, &self.order);
            return Err(Broken { code: Unresolved::TooLarge, path });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn reference(text: &str) -> Reference {
        Reference::try_from(text.to_owned()).expect("a reference")
    }

    fn scope(configs: &[(&str, &[&str])]) -> Scope {
        let mut scope = Scope::default();
        scope.put_secret("S", Standing::Text);
        scope.put_secret("FILE", Standing::File);
        scope.put_secret("EMPTY", Standing::NeedsValue);
        scope.put_flag("F");
        for (key, references) in configs {
            scope.put_config(*key, references.iter().map(|it| reference(it)).collect());
        }
        scope
    }

    fn broken(scope: &Scope, key: &str) -> (Unresolved, String) {
        let broken = scope.judge().check(key).expect_err("broken");
        (broken.code, broken.to_string())
    }

    #[test]
    fn what_is_there_may_be_named_and_what_is_not_is_named_in_the_refusal() {
        let scope = scope(&[
            ("A", &["secret:S", "flag:F", "config:B", "secret:EMPTY"]),
            ("B", &[]),
            ("C", &["secret:NO"]),
            ("D", &["flag:S"]),
            ("E", &["config:NO"]),
            ("G", &["secret:FILE"]),
        ]);
        assert_eq!(scope.judge().check("A"), Ok(()));
        for key in ["C", "D", "E"] {
            assert_eq!(broken(&scope, key).0, Unresolved::Missing);
        }
        assert!(broken(&scope, "C").1.starts_with("config:C → secret:NO"));
        assert_eq!(broken(&scope, "G").0, Unresolved::NotText);
    }

    #[test]
    fn a_circle_is_shown_as_one() {
        let scope =
            scope(&[("A", &["config:A"]), ("B", &["config:C"]), ("C", &["config:B"]), ("D", &["config:B"])]);
        assert!(broken(&scope, "A").1.starts_with("config:A → config:A:"));
        assert!(broken(&scope, "B").1.starts_with("config:B → config:C → config:B:"));
        assert_eq!(broken(&scope, "D").0, Unresolved::Cycle);
    }

    #[test]
    fn eight_references_in_a_row_are_fine_and_a_ninth_is_not_wherever_it_is_added() {
        let names: Vec<String> = (0..10).map(|n| format!("C{n}")).collect();
        let mut scope = scope(&[]);
        for (n, name) in names.iter().enumerate() {
            let next = names.get(n + 1).filter(|_| n < 8).map(|next| Reference::config(next));
            scope.put_config(name.as_str(), next.into_iter().collect());
        }
        assert_eq!(scope.judge().check("C0"), Ok(()));
        scope.put_config("C8", vec![reference("secret:S")]);
        for key in ["C0", "C4", "C8"] {
            let (code, words) = broken(&scope, key);
            assert_eq!(code, Unresolved::TooLarge);
            assert!(words.starts_with("config:C0 → config:C1") && words.contains("secret:S"), "{words}");
        }
        assert_eq!(scope.judge().check("C9"), Ok(()));
    }

    #[test]
    fn a_secret_taints_whatever_leads_to_it() {
        let scope = scope(&[
            ("A", &["config:B"]),
            ("B", &["secret:S", "config:A"]),
            ("C", &["flag:F"]),
            ("D", &["config:C"]),
        ]);
        assert_eq!(scope.tainted(), HashSet::from(["A", "B"]));
        assert_eq!(scope.secrets_reached(["A"]), BTreeSet::from(["S"]));
        assert!(scope.secrets_reached(["D"]).is_empty());
    }

    #[test]
    fn a_hundred_thousand_configs_in_a_row_are_judged_and_do_not_fill_the_stack() {
        let mut scope = Scope::default();
        for n in 0..100_000 {
            scope.put_config(format!("C{n}"), vec![Reference::config(&format!("C{}", n + 1))]);
        }
        scope.put_config("C100000", Vec::new());
        assert_eq!(scope.judge().check("C50000").expect_err("too deep").code, Unresolved::TooLarge);
        scope.put_config("C100000", vec![Reference::config("C0")]);
        assert_eq!(scope.judge().check("C50000").expect_err("a circle").code, Unresolved::Cycle);
    }

    /// Ways through the graph, counted one by one.
    fn longest(edges: &[Vec<usize>], from: usize, left: usize) -> Option<usize> {
        let left = left.checked_sub(1)?;
        let below: Option<Vec<usize>> = edges[from].iter().map(|next| longest(edges, *next, left)).collect();
        Some(below?.into_iter().max().map_or(0, |steps| steps + 1))
    }

    proptest! {
        #[test]
        fn circles_heights_and_taint_are_those_of_a_naive_walk(
            edges in proptest::collection::vec(proptest::collection::vec(0usize..7, 0..3), 7),
            secret in 0usize..7,
        ) {
            let mut scope = Scope::default();
            scope.put_secret("S", Standing::Text);
            for (n, next) in edges.iter().enumerate() {
                let mut references: Vec<_> = next.iter().map(|m| Reference::config(&format!("C{m}"))).collect();
                references.sort();
                references.dedup();
                scope.put_config(format!("C{n}"), references);
            }
            for n in 0..7 {
                let key = format!("C{n}");
                let code = scope.judge().check(&key).err().map(|broken| broken.code);
                prop_assert_eq!(code == Some(Unresolved::Cycle), longest(&edges, n, 8).is_none());
                if let Some(steps) = longest(&edges, n, 8) {
                    let height = scope.order().heights.get(key.as_str()).copied();
                    prop_assert_eq!(height, Some(steps));
                }
            }
            scope.put_reference(&format!("C{secret}"), reference("secret:S"));
            for n in 0..7 {
                let key = format!("C{n}");
                prop_assert_eq!(scope.tainted().contains(key.as_str()), !scope.secrets_reached([key.as_str()]).is_empty());
            }
        }
    }
}
