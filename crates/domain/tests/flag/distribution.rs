//! The buckets are even, independent from flag to flag, and a growing percentage only adds people.
//! All of it is deterministic: the same 10,000 keys every time.

use nexus_domain::Timestamp;
use nexus_domain::flag::{
    BUCKETS, Bucket, Compiled, Context, FlagDefinition, FlagState, Percentage, Serve, Targeting, Variant,
    Weighted, evaluate,
};
use serde_json::{Map, json};

const KEYS: usize = 10_000;

/// Keys as they come: counted up, addresses, and long ones that differ at the end.
fn families() -> [(&'static str, Vec<String>); 3] {
    let keys = |form: fn(usize) -> String| (0..KEYS).map(form).collect();
    [
        ("numbers", keys(|n| n.to_string())),
        ("addresses", keys(|n| format!("user{n}@acme.test"))),
        ("uuids", keys(|n| format!("019aa5f0-8c1e-7b3a-9f00-{n:012x}"))),
    ]
}

fn deciles(buckets: impl Iterator<Item = u32>) -> [usize; 10] {
    let mut counts = [0; 10];
    for bucket in buckets {
        counts[(bucket * 10 / BUCKETS) as usize] += 1;
    }
    counts
}

#[test]
fn every_decile_has_a_tenth_within_one_percent() {
    for flag in ["new-checkout", "a", "dark_mode", "beta:search.2026"] {
        for (family, keys) in families() {
            let buckets = || keys.iter().map(|key| Bucket::of(flag, key));
            for counts in [deciles(buckets().map(|b| b.rollout)), deciles(buckets().map(|b| b.split))] {
                assert!(
                    counts.iter().all(|count| count.abs_diff(KEYS / 10) <= KEYS / 100),
                    "{flag}, {family}: {counts:?}"
                );
            }
        }
    }
}

/// Pearson's χ² of the 10 × 10 table of two buckets; 81 degrees of freedom, where 135 is passed by
/// chance once in ten thousand times.
fn dependence(pairs: &[(u32, u32)]) -> f64 {
    let mut cells = [[0.0; 10]; 10];
    for (a, b) in pairs {
        cells[(a * 10 / BUCKETS) as usize][(b * 10 / BUCKETS) as usize] += 1.0;
    }
    let total = pairs.len() as f64;
    let row = |i: usize| cells[i].iter().sum::<f64>();
    let column = |j: usize| cells.iter().map(|row| row[j]).sum::<f64>();
    let square = |i: usize, j: usize| {
        let expected = row(i) * column(j) / total;
        (cells[i][j] - expected).powi(2) / expected
    };
    (0..10).flat_map(|i| (0..10).map(move |j| (i, j))).map(|(i, j)| square(i, j)).sum()
}

#[test]
fn being_in_one_flag_says_nothing_about_another() {
    for (family, keys) in families() {
        for (a, b) in [("flag-1", "flag-2"), ("checkout", "checkout2"), ("a", "b")] {
            let pair = |key: &String| (Bucket::of(a, key).rollout, Bucket::of(b, key).rollout);
            let found = dependence(&keys.iter().map(pair).collect::<Vec<_>>());
            assert!(found < 135.0, "{a} and {b}, {family}: {found}");
        }
    }
}

#[test]
fn the_variant_of_a_split_says_nothing_about_who_is_inside() {
    for (family, keys) in families() {
        let pair = |key: &String| {
            let bucket = Bucket::of("flag", key);
            (bucket.rollout, bucket.split)
        };
        let found = dependence(&keys.iter().map(pair).collect::<Vec<_>>());
        assert!(found < 135.0, "{family}: {found}");
    }
}

fn users() -> Vec<Context> {
    let context = |n| Context::new(Some(format!("user-{n}")), Map::new()).expect("a context");
    (0..KEYS).map(context).collect()
}

#[test]
fn a_growing_percentage_takes_nobody_out_and_moves_nobody_to_another_variant() {
    let variants = ["a", "b", "c"].map(|name| Variant { name: name.into(), value: json!(name) });
    let split = [("b", 3), ("c", 1)].map(|(name, weight)| Weighted { variant: name.into(), weight });
    let mut definition = FlagDefinition::boolean(FlagState::On);
    (definition.on_variant, definition.off_variant) = ("b".into(), "a".into());
    definition.variants = variants.to_vec();
    let users = users();
    let mut before: Vec<String> = vec!["a".into(); KEYS];
    for thousandths in [0, 1, 10, 1_000, 5_000, 12_345, 25_000, 50_000, 75_000, 99_999, 100_000] {
        let percentage = Percentage::from_thousandths(thousandths);
        definition.rollout = Some(Serve { percentage, split: split.to_vec(), ..Serve::default() });
        let flag = Compiled::new("growing", &definition).expect("valid");
        let now: Vec<String> = users
            .iter()
            .map(|user| evaluate(&flag, user, Timestamp(0), Targeting::Active).variant.to_owned())
            .collect();
        assert!(before.iter().zip(&now).all(|(before, now)| before == "a" || before == now));
        let inside = now.iter().filter(|variant| *variant != "a").count();
        let expected = KEYS * thousandths as usize / BUCKETS as usize;
        assert!(inside.abs_diff(expected) <= KEYS / 100, "{inside} at {thousandths}");
        before = now;
    }
    let b = before.iter().filter(|variant| *variant == "b").count();
    assert!(b.abs_diff(KEYS * 3 / 4) <= KEYS / 100, "{b}");
}
