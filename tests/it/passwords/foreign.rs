//! Hashes that other systems made. The strings are of Python's `hashlib` and of libxcrypt.

use users_core::base::random::Random;
use users_core::passwords::foreign::{self, Prf};
use users_core::passwords::{Cost, Passwords, Verdict};
use zeroize::Zeroizing;

use super::{WORDS, store_hash, stored_hash};
use crate::support::everywhere;

/// One of each form, all of the same password.
const HASHES: &[&str] = &[
    "$2a$05$N9qo8uLOickgx2ZMRZoMyeK/ljuazbedFjg0QfFkt0YEfBLbFqEJ2",
    "$2b$05$N9qo8uLOickgx2ZMRZoMyeK/ljuazbedFjg0QfFkt0YEfBLbFqEJ2",
    "$2y$05$N9qo8uLOickgx2ZMRZoMyeK/ljuazbedFjg0QfFkt0YEfBLbFqEJ2",
    "bcrypt$$2b$05$N9qo8uLOickgx2ZMRZoMyeK/ljuazbedFjg0QfFkt0YEfBLbFqEJ2",
    "pbkdf2_sha256$1000$seasalt12345$EhG2EVZri9kdrcW6oLb0TEXSoAJkZP4vdNE6gXigykw=",
    "pbkdf2_sha1$1000$seasalt12345$wFoWA0zO2DkyOB1g0nqpv2nTD/I=",
    "$pbkdf2-sha256$1000$AQIDBAUGBwgJCgsMDQ4PEA$jXF5.qzKeBn5OhvHpqMthzJxt3hwu0XZPJc3BrGdogU",
    "$pbkdf2-sha512$1000$AQIDBAUGBwgJCgsMDQ4PEA$ypvNUjfQB/h5O8cPSQi/5NPMAZsLADqUoChhXKOQ53rLovGOnbdOUXYVeiEH7qyISidVXX1/1.60/2pQOf.EpA",
    "$pbkdf2-sha256$i=1000,l=32$AQIDBAUGBwgJCgsMDQ4PEA$jXF5+qzKeBn5OhvHpqMthzJxt3hwu0XZPJc3BrGdogU",
    "pbkdf2:sha256:1000$seasalt12345$1211b611566b8bd91dadc5baa0b6f44c45d2a0026464fe2f74d13a8178a0ca4c",
    "scrypt:1024:8:1$seasalt12345$768ba8bd1f86f5da26007df8be0487f0b5ac5c877e5f5e55c64e4aaba3ae8f58c53d340d0d068601f89072cd95a6ce3040f6f61995ffec9fee624da54fca653f",
    "scrypt$1024$seasalt12345$8$1$douovR+G9domAH34vgSH8LWsXId+X15Vxk5Kq6Ouj1jFPTQNDQaGAfiQcs2Vps4wQPb2GZX/7J/uYk2lT8plPw==",
    "$scrypt$ln=10,r=8,p=1$AQIDBAUGBwgJCgsMDQ4PEA$rWsCeX+ZZGc3lPlEkaH6RiSzELzr1sW4a9Wialg15mY",
];

fn passwords(memory_kib: u32) -> Passwords {
    let cost = Cost {
        memory_kib,
        iterations: 1,
        parallelism: 1,
    };
    Passwords::new(cost, 1, 64, Random::seeded(1))
}

async fn verdict(passwords: &Passwords, typed: &str, stored: &str) -> Verdict {
    let typed = Zeroizing::new(typed.to_owned());
    let verdict = passwords.verify(typed, Some(stored.to_owned())).await;
    verdict.expect("nobody else is there")
}

#[tokio::test]
async fn a_password_is_known_by_the_hash_of_another_system_and_no_other_password_is() {
    let passwords = passwords(1024);
    for written in HASHES {
        let stored = foreign::stored(written).unwrap_or_else(|| panic!("{written}"));
        assert_eq!(
            verdict(&passwords, "some unrelated word", &stored).await,
            Verdict::Wrong
        );
        let Verdict::RightButWeak(stronger) = verdict(&passwords, WORDS, &stored).await else {
            panic!("{written} stays");
        };
        assert!(
            stronger.starts_with("$argon2id$v=19$m=1024,t=1,p=1$"),
            "{stronger}"
        );
        assert_eq!(verdict(&passwords, WORDS, &stronger).await, Verdict::Right);
    }
}

#[tokio::test]
async fn the_parts_a_realm_export_holds_make_a_hash() {
    let decoded = |text: &str| {
        data_encoding::BASE64
            .decode(text.as_bytes())
            .expect("base64")
    };
    let salt = decoded("AQIDBAUGBwgJCgsMDQ4PEA==");
    for (prf, rounds, output) in [
        (
            Prf::Sha256,
            27_500,
            "Q1pqTCnXPZeXfWgw/tRQSQStnSPe/BwYwja2yipqc03brRTp3kLA3EAXgAkszttTX6Dt5FYKhMkd8//Dxe9jEA==",
        ),
        (
            Prf::Sha512,
            210_000,
            "FBByoR9tY7d9iVtaapaulYCR6I5clMB50uBrz5B+nADDJ9NvmRRHhprJv4oO74n7DqlmuxxtyTniLN8FkMqqhg==",
        ),
    ] {
        let stored = foreign::pbkdf2(prf, rounds, &salt, &decoded(output)).expect("within bounds");
        let passwords = passwords(64);
        assert!(matches!(
            verdict(&passwords, WORDS, &stored).await,
            Verdict::RightButWeak(_)
        ));
    }
}

#[tokio::test]
async fn a_hash_gives_way_to_none_that_is_weaker() {
    // 1 MiB of scrypt, and 64 KiB of Argon2id for it.
    let scrypt = HASHES.last().expect("scrypt");
    assert_eq!(verdict(&passwords(64), WORDS, scrypt).await, Verdict::Right);
    assert_eq!(
        verdict(&passwords(1023), WORDS, scrypt).await,
        Verdict::Right
    );
}

#[tokio::test]
async fn bcrypt_sees_72_bytes_and_a_longer_password_keeps_its_hash() {
    let stored = "$2b$05$N9qo8uLOickgx2ZMRZoMyePYv0tHJnI2XYTxIoCvcgXDozvg.7Qu2";
    let passwords = passwords(1024);
    let long = "0123456789".repeat(8);
    assert_eq!(verdict(&passwords, &long, stored).await, Verdict::Right);
    let other_end = format!("{}and more", &long[..72]);
    assert_eq!(
        verdict(&passwords, &other_end, stored).await,
        Verdict::Right
    );
    assert_eq!(
        verdict(&passwords, &long[..71], stored).await,
        Verdict::Wrong
    );
    // Exactly what counts is proved, and so gets a hash of its own.
    assert!(matches!(
        verdict(&passwords, &long[..72], stored).await,
        Verdict::RightButWeak(_)
    ));
}

#[tokio::test]
async fn a_password_hashed_as_it_was_typed_is_found_and_hashed_again_in_our_form() {
    let stored = "$pbkdf2-sha256$i=1000,l=32$AQIDBAUGBwgJCgsMDQ4PEA$yCYCAwih5SKk2rnFAH1oprSB4gMiP3thM6SWBE3VzD4";
    let passwords = passwords(1024);
    let decomposed = "Gru\u{308}\u{df}e aus Ko\u{308}ln";
    let Verdict::RightButWeak(ours) = verdict(&passwords, decomposed, stored).await else {
        panic!("it stays");
    };
    for typed in [
        decomposed,
        "Gr\u{fc}\u{df}e aus K\u{f6}ln",
        "Gr\u{fc}\u{df}e\u{a0}aus K\u{f6}ln",
    ] {
        assert_eq!(
            verdict(&passwords, typed, &ours).await,
            Verdict::Right,
            "{typed}"
        );
    }
}

// A254
#[tokio::test]
async fn a_hash_that_asks_for_too_much_is_nobodys_and_costs_what_any_other_does() {
    let salt = "c29tZXNhbHQxMjM0";
    let output = "RWy0wc9q6vv2ZOEwgBTUVsHDcVYfm1cEmIEL2ctZcZE";
    let passwords = passwords(64);
    for greedy in [
        format!("$2b$31${}", &HASHES[1][7..]),
        format!("$2b$15${}", &HASHES[1][7..]),
        format!("$2x$05${}", &HASHES[1][7..]),
        format!("$argon2id$v=19$m=4194304,t=1,p=1${salt}${output}"),
        format!("$argon2id$v=19$m=64,t=1000000,p=1${salt}${output}"),
        format!("$argon2id$v=19$m=4096,t=1,p=255${salt}${output}"),
        format!("$scrypt$ln=30,r=8,p=1${salt}${output}"),
        format!("$pbkdf2-sha256$i=4294967295,l=32${salt}${output}"),
        format!("pbkdf2:sha256:4294967295$salt${}", "ab".repeat(32)),
        "$1$salt$hash".to_owned(),
        String::new(),
    ] {
        assert!(foreign::stored(&greedy).is_none(), "{greedy}");
        let before = passwords.computed();
        assert_eq!(verdict(&passwords, WORDS, &greedy).await, Verdict::Wrong);
        assert_eq!(passwords.computed(), before + 1);
    }
}

#[tokio::test]
async fn the_first_right_login_makes_a_foreign_hash_ours() {
    everywhere(async |world| {
        let service = world.client("web", "sip.call").await;
        let alice = world.person("alice").await;
        // No memory at all, so the cheapest of ours is none the weaker.
        let stored = HASHES[1];
        store_hash(&world, &alice, stored).await;
        let wrong = service
            .password("alice", "some other words", "sip.call")
            .await;
        wrong.assert_error(400, "invalid_grant");
        assert_eq!(stored_hash(&world, &alice).await, stored);
        service
            .password("alice", WORDS, "sip.call")
            .await
            .assert_ok();
        let ours = stored_hash(&world, &alice).await;
        assert!(ours.starts_with("$argon2id$"), "{ours}");
        service
            .password("alice", WORDS, "sip.call")
            .await
            .assert_ok();
        assert_eq!(stored_hash(&world, &alice).await, ours);
    })
    .await;
}

// A249
#[tokio::test]
async fn nothing_after_a_nul_is_overlooked() {
    let passwords = passwords(64);
    let stored = HASHES[1];
    assert_eq!(
        verdict(&passwords, &format!("{WORDS}\0"), stored).await,
        Verdict::Wrong
    );
    assert_eq!(
        verdict(&passwords, &format!("{WORDS}\0more"), stored).await,
        Verdict::Wrong
    );
}
