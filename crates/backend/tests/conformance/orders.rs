//! What programs read depends on the sources of a service and on nothing else: not on the order of
//! the changes that led there, and a model that follows every reference anew gives the same.

use crate::world::{Outcome, World, new_config, new_flag, new_secret, new_value, new_version};
use nexus_backend::gate::Actor;
use nexus_backend::{configs, flags, secrets, services};
use nexus_domain::flag::Toggle;
use nexus_domain::keys::Access;
use nexus_domain::service::ServicePath;
use serde_json::{Value, json};
use std::collections::BTreeMap;

both![no_order_of_changes_shows_in_a_snapshot, a_snapshot_is_what_a_naive_model_gives];

/// Numbers that look like chance and are the same in each run (SplitMix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % sides
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        let at = self.roll(u64::try_from(of.len()).expect("few"));
        of[usize::try_from(at).expect("few")]
    }
}

const SECRETS: [&str; 3] = ["S0", "S1", "S2"];
const FLAGS: [&str; 2] = ["F0", "F1"];
const CONFIGS: [&str; 5] = ["C0", "C1", "C2", "C3", "C4"];

/// What is stored on one service.
#[derive(Debug, Clone, Default, PartialEq)]
struct Stored {
    secrets: BTreeMap<&'static str, String>,
    flags: BTreeMap<&'static str, bool>,
    configs: BTreeMap<&'static str, String>,
}

fn template(dice: &mut Dice, last: usize) -> String {
    let mut text = format!("v{}", dice.roll(4));
    for _ in 0..dice.roll(3) {
        let (kind, key) = match dice.roll(4) {
            0 => ("secret", dice.pick(&SECRETS)),
            1 => ("flag", dice.pick(&FLAGS)),
            _ if last == 0 => continue,
            _ => ("config", dice.pick(&CONFIGS[..last])),
        };
        text.push_str(&format!("{{{{{kind}:{key}}}}}"));
    }
    text
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// A service and what should be on it. Whatever the product refuses leaves the model as it was.
struct Bench<'a> {
    w: &'a World,
    path: ServicePath,
    stored: Stored,
    gone: Stored,
}

impl<'a> Bench<'a> {
    fn new(w: &'a World, path: ServicePath) -> Self {
        Self { w, path, stored: Stored::default(), gone: Stored::default() }
    }

    async fn put_secret(&mut self, key: &'static str, value: &str) {
        let (n, o) = (&self.w.nexus, &self.w.owner);
        let done = match self.stored.secrets.contains_key(key) {
            true => secrets::add_version(n, o, &self.path, key, new_version(value)).await.is_ok(),
            false => secrets::create(n, o, &self.path, new_secret(key, value)).await.is_ok(),
        };
        if done {
            self.stored.secrets.insert(key, value.to_owned());
        }
    }

    async fn put_flag(&mut self, key: &'static str, enabled: bool) {
        if self.stored.flags.contains_key(key) {
            let toggle = Toggle { enabled: Some(enabled), expected_version: None };
            flags::toggle(&self.w.nexus, &self.w.owner, &self.path, key, toggle).await.fine();
        } else {
            new_flag(self.w, &self.path, key, json!({ "enabled": enabled })).await;
        }
        self.stored.flags.insert(key, enabled);
    }

    async fn put_config(&mut self, key: &'static str, text: &str) {
        let (n, o) = (&self.w.nexus, &self.w.owner);
        let done = match self.stored.configs.contains_key(key) {
            true => configs::update(n, o, &self.path, key, new_value(&quoted(text))).await.is_ok(),
            false => configs::create(n, o, &self.path, new_config(key, &quoted(text))).await.is_ok(),
        };
        if done {
            self.stored.configs.insert(key, text.to_owned());
        }
    }

    async fn delete(&mut self, key: &'static str) {
        let (n, o) = (&self.w.nexus, &self.w.owner);
        if SECRETS.contains(&key) && secrets::delete(n, o, &self.path, key, None).await.is_ok() {
            self.gone.secrets.extend(self.stored.secrets.remove_entry(key));
        } else if FLAGS.contains(&key) && flags::delete(n, o, &self.path, key, None).await.is_ok() {
            self.gone.flags.extend(self.stored.flags.remove_entry(key));
        } else if CONFIGS.contains(&key) && configs::delete(n, o, &self.path, key, None).await.is_ok() {
            self.gone.configs.extend(self.stored.configs.remove_entry(key));
        }
    }

    async fn undelete(&mut self, key: &'static str) {
        let (n, o) = (&self.w.nexus, &self.w.owner);
        if SECRETS.contains(&key) && secrets::undelete(n, o, &self.path, key).await.is_ok() {
            self.stored.secrets.extend(self.gone.secrets.remove_entry(key));
        } else if FLAGS.contains(&key) && flags::undelete(n, o, &self.path, key).await.is_ok() {
            self.stored.flags.extend(self.gone.flags.remove_entry(key));
        } else if CONFIGS.contains(&key) && configs::undelete(n, o, &self.path, key).await.is_ok() {
            self.stored.configs.extend(self.gone.configs.remove_entry(key));
        }
    }

    /// Some change or other.
    async fn shake(&mut self, dice: &mut Dice) {
        // Time passes, so that of several deleted ones the newest is known.
        self.w.pass(1);
        match dice.roll(8) {
            0 => {
                let value = format!("s{}", dice.roll(5));
                self.put_secret(dice.pick(&SECRETS), &value).await;
            }
            1 => {
                let on = dice.roll(2) == 0;
                self.put_flag(dice.pick(&FLAGS), on).await;
            }
            2..=4 => {
                let text = template(dice, CONFIGS.len());
                self.put_config(dice.pick(&CONFIGS), &text).await;
            }
            5 | 6 => {
                let all = [SECRETS.as_slice(), &FLAGS, &CONFIGS].concat();
                self.delete(dice.pick(&all)).await;
            }
            _ => {
                let all = [SECRETS.as_slice(), &FLAGS, &CONFIGS].concat();
                self.undelete(dice.pick(&all)).await;
            }
        }
    }

    /// Comes to these sources from wherever it is, in one of many orders. The umbrella has every key.
    async fn come_to(&mut self, goal: &Stored, dice: &mut Dice) {
        let own: Vec<&'static str> = self.stored.configs.keys().copied().collect();
        for key in own {
            self.put_config(key, "plain").await;
        }
        let mut keys = [SECRETS.as_slice(), &FLAGS, &CONFIGS].concat();
        while !keys.is_empty() {
            let at = usize::try_from(dice.roll(u64::try_from(keys.len()).expect("few"))).expect("few");
            self.come_to_key(goal, keys.swap_remove(at)).await;
        }
        assert_eq!(&self.stored, goal);
    }

    async fn come_to_key(&mut self, goal: &Stored, key: &'static str) {
        if let Some(value) = goal.secrets.get(key) {
            self.put_secret(key, value).await;
        } else if let Some(on) = goal.flags.get(key) {
            self.put_flag(key, *on).await;
        } else if let Some(text) = goal.configs.get(key) {
            self.put_config(key, text).await;
        } else {
            self.delete(key).await;
        }
    }

    async fn link(&self) {
        services::link(&self.w.nexus, &self.w.owner, &self.path, "shared").await.fine();
    }

    async fn unlink(&self) {
        services::unlink(&self.w.nexus, &self.w.owner, &self.path).await.fine();
    }
}

/// What programs read, without what counts changes.
async fn read(w: &World, program: &Actor) -> Value {
    let mut snapshot = crate::programs::snapshot(w, program).await;
    for secret in snapshot["secrets"].as_object_mut().expect("secrets").values_mut() {
        secret.as_object_mut().expect("a secret").remove("version");
    }
    json!([snapshot["secrets"], snapshot["configs"], snapshot["flags"], snapshot["errors"]])
}

/// An umbrella with every key, so that what a service lacks is there.
async fn whole_umbrella(w: &World) -> Bench<'_> {
    let mut shared = Bench::new(w, w.umbrella("shop", "live", "shared").await);
    for key in SECRETS {
        shared.put_secret(key, "shared").await;
    }
    for key in FLAGS {
        shared.put_flag(key, true).await;
    }
    for key in CONFIGS {
        shared.put_config(key, "shared").await;
    }
    shared
}

async fn no_order_of_changes_shows_in_a_snapshot(w: &World) {
    w.project("shop").await;
    whole_umbrella(w).await;
    for seed in 0..6 {
        let mut dice = Dice(seed);
        let mut goal = Stored::default();
        for key in SECRETS.iter().filter(|_| dice.roll(2) == 0).copied().collect::<Vec<_>>() {
            goal.secrets.insert(key, format!("s{}", dice.roll(9)));
        }
        for key in FLAGS {
            goal.flags.insert(key, dice.roll(2) == 0);
        }
        for (last, key) in CONFIGS.iter().enumerate() {
            if dice.roll(4) > 0 {
                goal.configs.insert(key, template(&mut dice, last));
            }
        }
        let linked = dice.roll(3) > 0;
        let mut seen: Option<Value> = None;
        for way in 0..3 {
            let path = w.service("shop", "live", &format!("s{seed}-{way}")).await;
            let (_, program) = w.service_key(&path, Access::Read).await;
            let mut bench = Bench::new(w, path);
            bench.link().await;
            for _ in 0..way * 12 {
                bench.shake(&mut dice).await;
                if dice.roll(6) == 0 {
                    bench.unlink().await;
                    bench.link().await;
                }
            }
            bench.come_to(&goal, &mut dice).await;
            if !linked {
                bench.unlink().await;
            }
            let answer = read(w, &program).await;
            assert_eq!(seen.get_or_insert_with(|| answer.clone()), &answer, "seed {seed}, way {way}");
        }
    }
}

/// Follows every reference anew.
struct Model<'a> {
    own: &'a Stored,
    umbrella: Option<&'a Stored>,
}

impl Model<'_> {
    fn config(&self, key: &str) -> Option<&String> {
        self.own.configs.get(key).or_else(|| self.umbrella?.configs.get(key))
    }

    fn names(text: &str) -> Vec<(&str, &str)> {
        let inside = text.split("{{").skip(1).filter_map(|rest| rest.split("}}").next());
        inside.filter_map(|name| name.split_once(':')).collect()
    }

    fn circles(&self, key: &str, way: &[&str]) -> bool {
        let Some(text) = self.config(key) else { return false };
        let way = [way, &[key]].concat();
        let mut next = Self::names(text).into_iter().filter(|(kind, _)| *kind == "config");
        next.any(|(_, next)| way.contains(&next) || self.circles(next, &way))
    }

    /// The value, or the code of the error.
    fn value(&self, key: &str) -> Result<String, &'static str> {
        let text = self.config(key).ok_or("missing")?;
        if self.circles(key, &[]) {
            return Err("cycle");
        }
        let mut out = text.clone();
        for (kind, name) in Self::names(text) {
            let value = match kind {
                "secret" => self.own.secrets.get(name).or_else(|| self.umbrella?.secrets.get(name)).cloned(),
                "flag" => self
                    .own
                    .flags
                    .get(name)
                    .or_else(|| self.umbrella?.flags.get(name))
                    .map(ToString::to_string),
                _ => Some(self.value(name)?),
            };
            out = out.replace(&format!("{{{{{kind}:{name}}}}}"), &value.ok_or("missing")?);
        }
        Ok(out)
    }
}

async fn a_snapshot_is_what_a_naive_model_gives(w: &World) {
    w.project("shop").await;
    let mut shared = whole_umbrella(w).await;
    let path = w.service("shop", "live", "api").await;
    let (_, program) = w.service_key(&path, Access::Read).await;
    let mut api = Bench::new(w, path);
    let mut dice = Dice(7);
    let mut linked = false;
    for round in 0..40 {
        for _ in 0..3 {
            if dice.roll(3) == 0 { shared.shake(&mut dice).await } else { api.shake(&mut dice).await }
        }
        if dice.roll(4) == 0 {
            if linked {
                api.unlink().await
            } else {
                api.link().await
            }
            linked = !linked;
        }
        let model = Model { own: &api.stored, umbrella: linked.then_some(&shared.stored) };
        let answer = read(w, &program).await;
        for key in CONFIGS {
            let errors = answer[3].as_array().expect("errors");
            let error = errors.iter().find(|error| error["key"] == key && error["kind"] == "config");
            let read = match error {
                Some(error) => Err(error["code"].as_str().expect("a code")),
                None => answer[1][key]["value"].as_str().map(str::to_owned).ok_or("missing"),
            };
            assert_eq!(read, model.value(key), "round {round}, {key}: {:?}", model.config(key));
        }
    }
}
