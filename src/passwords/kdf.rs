//! PBKDF2 (RFC 8018 section 5.2) and scrypt (RFC 7914), as other systems stored their results: in the
//! PHC string format, `$pbkdf2-sha256$i=600000,l=32$salt$output` and `$scrypt$ln=15,r=8,p=1$salt$output`.

use data_encoding::BASE64_NOPAD;
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use subtle::ConstantTimeEq as _;

/// Ceilings for stored hashes: a row must not be able to take the memory, or a thread for seconds.
const MAX_ROUNDS: u64 = 4_000_000;
const MAX_SCRYPT_BYTES: u64 = 256 << 20;
const MAX_SCRYPT_WORK: u64 = 1 << 30;
const OUTPUT_BYTES: std::ops::RangeInclusive<usize> = 16..=128;
const SALT_BYTES: std::ops::RangeInclusive<usize> = 4..=128;

/// What PBKDF2's pseudorandom function hashes with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Prf {
    Sha1,
    Sha256,
    Sha512,
}

impl Prf {
    const ALL: [(Self, &'static str, usize); 3] = [
        (Self::Sha1, "pbkdf2-sha1", 20),
        (Self::Sha256, "pbkdf2-sha256", 32),
        (Self::Sha512, "pbkdf2-sha512", 64),
    ];

    fn named(name: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(_, known, _)| *known == name);
        found.map(|(prf, ..)| *prf)
    }

    pub(super) fn name(self) -> &'static str {
        let found = Self::ALL.iter().find(|(prf, ..)| *prf == self);
        found.map_or("", |(_, name, _)| name)
    }

    /// Bytes of one block of output.
    fn block(self) -> usize {
        let found = Self::ALL.iter().find(|(prf, ..)| *prf == self);
        found.map_or(1, |(.., bytes)| *bytes)
    }
}

enum Kdf {
    Pbkdf2 { prf: Prf, rounds: u32 },
    Scrypt { params: scrypt::Params, bytes: u64 },
}

/// A stored result.
pub(super) struct Derived {
    kdf: Kdf,
    salt: Vec<u8>,
    output: Vec<u8>,
}

impl Derived {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix('$')?.split('$');
        let (name, params) = (parts.next()?, parts.next()?);
        let salt = BASE64_NOPAD.decode(parts.next()?.as_bytes()).ok()?;
        let output = BASE64_NOPAD.decode(parts.next()?.as_bytes()).ok()?;
        let sized = SALT_BYTES.contains(&salt.len()) && OUTPUT_BYTES.contains(&output.len());
        if parts.next().is_some() || !sized {
            return None;
        }
        let kdf = if name == "scrypt" {
            Kdf::scrypt(&Params::parse(params)?)?
        } else {
            Kdf::pbkdf2(Prf::named(name)?, &Params::parse(params)?, output.len())?
        };
        Some(Self { kdf, salt, output })
    }

    pub(super) fn verify(&self, password: &[u8]) -> bool {
        let mut output = vec![0; self.output.len()];
        match &self.kdf {
            Kdf::Pbkdf2 { prf, rounds } => {
                let derive = match prf {
                    Prf::Sha1 => pbkdf2::pbkdf2_hmac::<Sha1>,
                    Prf::Sha256 => pbkdf2::pbkdf2_hmac::<Sha256>,
                    Prf::Sha512 => pbkdf2::pbkdf2_hmac::<Sha512>,
                };
                derive(password, &self.salt, *rounds, &mut output);
            }
            Kdf::Scrypt { params, .. } => {
                if scrypt::scrypt(password, &self.salt, params, &mut output).is_err() {
                    return false;
                }
            }
        }
        output.ct_eq(&self.output).into()
    }

    /// Memory an attacker needs for each guess, in bytes; PBKDF2 needs none to speak of.
    pub(super) fn memory(&self) -> u64 {
        match self.kdf {
            Kdf::Pbkdf2 { .. } => 0,
            Kdf::Scrypt { bytes, .. } => bytes,
        }
    }
}

impl Kdf {
    fn pbkdf2(prf: Prf, params: &Params<'_>, output: usize) -> Option<Self> {
        let rounds: u32 = params.number("i")?;
        if let Some(length) = params.number::<usize>("l")
            && length != output
        {
            return None;
        }
        let blocks = output.div_ceil(prf.block()) as u64;
        let work = u64::from(rounds).checked_mul(blocks)?;
        (rounds > 0 && work <= MAX_ROUNDS).then_some(Self::Pbkdf2 { prf, rounds })
    }

    fn scrypt(params: &Params<'_>) -> Option<Self> {
        let (log_n, r, p): (u8, u32, u32) = (
            params.number("ln")?,
            params.number("r")?,
            params.number("p")?,
        );
        if !(1..=24).contains(&log_n) || !(1..=64).contains(&r) || !(1..=64).contains(&p) {
            return None;
        }
        let bytes = (128 * u64::from(r)) << log_n;
        let within = bytes <= MAX_SCRYPT_BYTES && bytes * u64::from(p) <= MAX_SCRYPT_WORK;
        let params = scrypt::Params::new(log_n, r, p).ok()?;
        within.then_some(Self::Scrypt { params, bytes })
    }
}

/// `name=value`, separated by commas.
struct Params<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Params<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let pairs = text.split(',').map(|pair| pair.split_once('='));
        pairs.collect::<Option<_>>().map(Self)
    }

    fn number<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        let found = self.0.iter().find(|(known, _)| *known == name);
        found.and_then(|(_, value)| value.parse().ok())
    }
}

/// The PHC string of a PBKDF2 result.
pub(super) fn pbkdf2_text(prf: Prf, rounds: u32, salt: &[u8], output: &[u8]) -> String {
    format!(
        "${}$i={rounds},l={}${}${}",
        prf.name(),
        output.len(),
        BASE64_NOPAD.encode(salt),
        BASE64_NOPAD.encode(output)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scrypt(params: &str) -> Option<Derived> {
        let (salt, output) = (
            BASE64_NOPAD.encode(b"saltsalt"),
            BASE64_NOPAD.encode(&[0; 32]),
        );
        Derived::parse(&format!("$scrypt${params}${salt}${output}"))
    }

    #[test]
    fn what_would_take_the_memory_or_a_thread_is_nobodys() {
        assert!(scrypt("ln=15,r=8,p=1").is_some());
        for greedy in [
            "ln=22,r=8,p=1",
            "ln=24,r=64,p=64",
            "ln=17,r=8,p=64",
            "ln=255,r=8,p=1",
        ] {
            assert!(scrypt(greedy).is_none(), "{greedy}");
        }
        let of = |rounds| pbkdf2_text(Prf::Sha256, rounds, b"saltsalt", &[0; 32]);
        assert!(Derived::parse(&of(600_000)).is_some());
        assert!(Derived::parse(&of(4_000_001)).is_none());
        assert!(Derived::parse(&of(0)).is_none());
        // Every block of output costs as much again.
        let long = pbkdf2_text(Prf::Sha1, 1_000_000, b"saltsalt", &[0; 128]);
        assert!(Derived::parse(&long).is_none());
    }

    #[test]
    fn a_published_result_is_found_again() {
        // RFC 7914 section 12.
        let output = data_encoding::HEXLOWER
            .decode(b"fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640")
            .expect("hex");
        let text = format!(
            "$scrypt$ln=10,r=8,p=16${}${}",
            BASE64_NOPAD.encode(b"NaCl"),
            BASE64_NOPAD.encode(&output)
        );
        let stored = Derived::parse(&text).expect("its form");
        assert!(stored.verify(b"password") && !stored.verify(b"passwore"));
        // RFC 7914 section 11, with the first 64 bytes of PBKDF2-HMAC-SHA-256.
        let output = data_encoding::HEXLOWER
            .decode(b"4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d")
            .expect("hex");
        let text = pbkdf2_text(Prf::Sha256, 80_000, b"NaCl", &output);
        let stored = Derived::parse(&text).expect("its form");
        assert!(stored.verify(b"Password") && !stored.verify(b"password"));
    }
}
