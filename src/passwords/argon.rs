//! Argon2id (RFC 9106) over memory that is used again.

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use subtle::ConstantTimeEq;

const OUTPUT_BYTES: usize = 32;
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
    /// The PHC string of a password.
    pub(super) fn hash(self, password: &[u8], salt: &[u8; 16], memory: &mut Memory) -> String {
        let params = Params::new(
            self.memory_kib,
            self.iterations,
            self.parallelism,
            Some(OUTPUT_BYTES),
        )
        .expect("the configuration's cost is checked");
        let output = compute(password, salt, params.clone(), Algorithm::Argon2id, memory)
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
        let params = Params::new(
            self.memory_kib,
            self.iterations,
            self.parallelism,
            Some(OUTPUT_BYTES),
        )
        .expect("the configuration's cost is checked");
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
    pub(super) fn is_stronger_than(self, stored: &str) -> bool {
        let Ok(hash) = PasswordHash::new(stored) else {
            return false;
        };
        let Ok(params) = Params::try_from(&hash) else {
            return false;
        };
        let stored = (params.m_cost(), params.t_cost(), params.p_cost());
        let ours = (self.memory_kib, self.iterations, self.parallelism);
        ours != stored && ours.0 >= stored.0 && ours.1 >= stored.1 && ours.2 >= stored.2
    }
}

/// Whether `stored` is the hash of `password`. Hashes above the ceilings are nobody's.
pub(super) fn verify(password: &[u8], stored: &str, memory: &mut Memory) -> bool {
    let Ok(hash) = PasswordHash::new(stored) else {
        return false;
    };
    let (Some(salt), Some(expected)) = (hash.salt, hash.hash) else {
        return false;
    };
    let Ok(algorithm) = Algorithm::new(hash.algorithm.as_str()) else {
        return false;
    };
    let Ok(params) = Params::try_from(&hash) else {
        return false;
    };
    if params.m_cost() > MAX_MEMORY_KIB
        || params.t_cost() > MAX_ITERATIONS
        || params.p_cost() > MAX_LANES
        || expected.len() != OUTPUT_BYTES
    {
        return false;
    }
    compute(password, &salt, params, algorithm, memory)
        .is_ok_and(|output| output.ct_eq(expected.as_bytes()).into())
}

fn compute(
    password: &[u8],
    salt: &[u8],
    params: Params,
    algorithm: Algorithm,
    memory: &mut Memory,
) -> argon2::Result<[u8; OUTPUT_BYTES]> {
    let needed = params.block_count();
    if memory.len() < needed {
        memory.resize(needed, Block::default());
    }
    let mut output = [0; OUTPUT_BYTES];
    Argon2::new(algorithm, Version::V0x13, params).hash_password_into_with_memory(
        password,
        salt,
        &mut output,
        &mut memory[..needed],
    )?;
    Ok(output)
}
