//! Where a person falls for a flag: a number from 0 to 99,999 that is the same for ever, on every
//! machine and in every environment.
//!
//! `hash = fmix64(fnv1a64(flag key + "." + targeting key))`, over UTF-8. FNV-1a is simple enough
//! to be written in any language in five lines, but similar keys get similar hashes; the finaliser
//! of MurmurHash3 mends that. Sources: RFC 9923 (FNV) and Austin Appleby's MurmurHash3.

/// How many buckets there are: steps of 0.001 %.
pub const BUCKETS: u32 = 100_000;

const FNV_OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0100_0000_01b3;

/// What is the same for all targeting keys of a flag: the hash as far as `flag key + "."`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seed(u64);

impl Seed {
    pub fn of(flag_key: &str) -> Self {
        Self(fnv1a(fnv1a(FNV_OFFSET_BASIS, flag_key.as_bytes()), b"."))
    }

    pub fn bucket(self, targeting_key: &str) -> Bucket {
        Bucket::from_hash(fmix64(fnv1a(self.0, targeting_key.as_bytes())))
    }
}

/// A person's place in a flag: two digits of one hash to base 100,000, independent of each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    /// Decides who is inside a percentage.
    pub rollout: u32,
    /// Decides the variant of a weighted split, so that a growing percentage moves nobody from
    /// one variant to another.
    pub split: u32,
}

impl Bucket {
    pub fn of(flag_key: &str, targeting_key: &str) -> Self {
        Seed::of(flag_key).bucket(targeting_key)
    }

    fn from_hash(hash: u64) -> Self {
        let base = u64::from(BUCKETS);
        Self { rollout: (hash % base) as u32, split: (hash / base % base) as u32 }
    }
}

fn fnv1a(start: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(start, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(FNV_PRIME))
}

fn fmix64(mut hash: u64) -> u64 {
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    const VECTORS: &str = include_str!("../../tests/vectors/flag-buckets-1.0.json");

    fn hex(value: &Value) -> u64 {
        u64::from_str_radix(value.as_str().expect("text"), 16).expect("hexadecimal")
    }

    #[test]
    fn the_published_vectors_hold() {
        let file: Value = serde_json::from_str(VECTORS).expect("JSON");
        assert_eq!(file["engine"], crate::flag::ENGINE_VERSION);
        let vectors = file["vectors"].as_array().expect("vectors");
        assert!(vectors.len() >= 50);
        for vector in vectors {
            let text = |name: &str| vector[name].as_str().expect("text");
            let raw = fnv1a(Seed::of(text("flag")).0, text("targeting_key").as_bytes());
            assert_eq!(raw, hex(&vector["fnv1a64"]), "{vector}");
            assert_eq!(fmix64(raw), hex(&vector["hash"]), "{vector}");
            let bucket = Bucket::of(text("flag"), text("targeting_key"));
            assert_eq!(u64::from(bucket.rollout), vector["bucket"], "{vector}");
            assert_eq!(u64::from(bucket.split), vector["split_bucket"], "{vector}");
        }
    }

    #[test]
    fn the_two_parts_of_the_hash_agree_with_their_sources() {
        let file: Value = serde_json::from_str(VECTORS).expect("JSON");
        for (input, hash) in file["parts"]["fnv1a64"].as_object().expect("an object") {
            assert_eq!(fnv1a(FNV_OFFSET_BASIS, input.as_bytes()), hex(hash), "{input:?}");
        }
        for (input, hash) in file["parts"]["fmix64"].as_object().expect("an object") {
            assert_eq!(fmix64(u64::from_str_radix(input, 16).expect("hexadecimal")), hex(hash));
        }
    }
}
