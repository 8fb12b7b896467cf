//! Argon2id (RFC 9106) over memory that is used again.

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use subtle::ConstantTimeEq;

const OUTPUT_BYTES: usize = 32;
/// Of stored hashes made elsewhere.
const MIN_OUTPUT_BYTES: usize = 16;
const MAX_OUTPUT_BYTES: usize = 64;
/// Ceilings for stored hashes made elsewhere: a row must not be able to take the memory.
const MAX_MEMORY_KIB: u32 = 262_144;
const MAX_ITERATIONS: u32 = 10;
const MAX_LANES: u32 = 8;

/// The blocks one computation works in; kept, because page faults are a third of the cost.
pub(super) type Memory = Vec<Block>;

/// What a password hash costs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Cost {
    pub memory_kib: u32,
    pub iterations: u32,
    pub parallelism: u32,
}

impl Cost {
    /// The memory of one computation, in blocks of 1 KiB.
    pub(super) fn blocks(self) -> usize {
        self.params().block_count()
    }

    fn params(self) -> Params {
        Params::new(
            self.memory_kib,
            self.iterations,
            self.parallelism,
            Some(OUTPUT_BYTES),
        )
        .expect("the configuration's cost is checked")
    }

    /// The PHC string of a password.
    pub(super) fn hash(self, password: &[u8], salt: &[u8; 16], memory: &mut Memory) -> String {
        let params = self.params();
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
        let mut output = [0; OUTPUT_BYTES];
        compute(&argon, password, salt, memory, &mut output)
            .expect("Argon2 works with checked parameters");
        PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&params).expect("checked parameters print"),
            salt: Some(Salt::new(salt).expect("16 bytes are a salt")),
            hash: Some(Output::new(&output).expect("32 bytes are an output")),
        }
        .to_string()
    }

    /// A hash no password has, of the same cost.
    pub(super) fn decoy(self) -> String {
        let params = self.params();
        PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&params).expect("checked parameters print"),
            salt: Some(Salt::new(&[0; 16]).expect("16 bytes are a salt")),
            hash: Some(Output::new(&[0; OUTPUT_BYTES]).expect("32 bytes are an output")),
        }
        .to_string()
    }

    /// Whether hashing again with this cost makes a stored hash stronger and no parameter weaker.
    pub(super) fn is_stronger_than(self, stored: &Stored) -> bool {
        let theirs = &stored.params;
        let theirs = (theirs.m_cost(), theirs.t_cost(), theirs.p_cost());
        let ours = (self.memory_kib, self.iterations, self.parallelism);
        let same = ours == theirs
            && stored.algorithm == Algorithm::Argon2id
            && stored.version == Version::V0x13;
        let shorter = stored.expected.len() > OUTPUT_BYTES;
        !same && !shorter && ours.0 >= theirs.0 && ours.1 >= theirs.1 && ours.2 >= theirs.2
    }
}

/// A PHC string taken apart, as far as it is one of Argon2's within the ceilings.
pub(super) struct Stored {
    algorithm: Algorithm,
    version: Version,
    params: Params,
    salt: Salt,
    expected: Output,
}

impl Stored {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let hash = PasswordHash::new(text).ok()?;
        let stored = Self {
            algorithm: Algorithm::new(hash.algorithm.as_str()).ok()?,
            // A string without a version is of the first one, 1.0.
            version: hash
                .version
                .map_or(Ok(Version::V0x10), Version::try_from)
                .ok()?,
            params: Params::try_from(&hash).ok()?,
            salt: hash.salt?,
            expected: hash.hash?,
        };
        let within = stored.params.m_cost() <= MAX_MEMORY_KIB
            && stored.params.t_cost() <= MAX_ITERATIONS
            && stored.params.p_cost() <= MAX_LANES
            && (MIN_OUTPUT_BYTES..=MAX_OUTPUT_BYTES).contains(&stored.expected.len());
        within.then_some(stored)
    }

    /// Whether it is the hash of `password`.
    pub(super) fn verify(&self, password: &[u8], memory: &mut Memory) -> bool {
        let params = self.params.clone();
        let argon = Argon2::new(self.algorithm, self.version, params);
        let mut output = [0; MAX_OUTPUT_BYTES];
        let output = &mut output[..self.expected.len()];
        compute(&argon, password, &self.salt, memory, output).is_ok()
            && output.ct_eq(self.expected.as_bytes()).into()
    }
}

fn compute(
    argon: &Argon2<'_>,
    password: &[u8],
    salt: &[u8],
    memory: &mut Memory,
    output: &mut [u8],
) -> argon2::Result<()> {
    let needed = argon.params().block_count();
    if memory.len() < needed {
        memory.resize(needed, Block::default());
    }
    argon.hash_password_into_with_memory(password, salt, output, &mut memory[..needed])
}
