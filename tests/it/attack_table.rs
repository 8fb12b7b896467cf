//! `docs/attacks.md` has one row for every case, and every test it names is there.

use std::collections::BTreeMap;

use crate::support::tables::{rows, source_of, tests};

/// Every case of the areas this server already serves.
const CASES: &[&str] = &[
    "A001", "A002", "A003", "A005", "A008", "A010", "A012", "A013", "A015", "A016", "A017", "A018",
    "A020", "A024", "A025", "A026", "A027", "A028", "A033", "A034", "A035", "A038", "A040", "A041",
    "A042", "A045", "A046", "A049", "A050", "A051", "A054", "A055", "A058", "A059", "A060", "A061",
    "A062", "A063", "A064", "A065", "A068", "A070", "A071", "A072", "A076", "A079", "A080", "A081",
    "A082", "A084", "A087", "A088", "A089", "A091", "A094", "A097", "A098", "A099", "A100", "A102",
    "A103", "A106", "A107", "A109", "A111", "A112", "A114", "A115", "A116", "A117", "A118", "A119",
    "A121", "A124", "A125", "A127", "A129", "A131", "A133", "A134", "A147", "A171", "A174", "A177",
    "A179", "A180", "A181", "A182", "A183", "A186", "A187", "A188", "A190", "A191", "A194", "A195",
    "A199", "A200", "A201", "A202", "A203", "A204", "A205", "A210", "A211", "A212", "A216", "A218",
    "A222", "A223", "A224", "A225", "A227", "A229", "A231", "A232", "A236", "A237", "A238", "A239",
    "A241", "A242", "A243", "A245", "A247", "A249", "A250", "A251", "A254", "A256", "A257", "A258",
    "A260", "A262", "A264", "A266", "A269", "A271", "A272", "A273", "A275", "A277", "A285", "A287",
    "A288", "A291", "A292", "A293", "A296", "A297", "A298", "A299", "A301", "A303", "A304", "A305",
    "A307", "A308", "A309", "A310", "A311", "A312", "A319", "A320", "A323", "A324", "A327", "A329",
    "A330", "A333", "A334", "A337", "A338", "A340", "A342", "A344", "A345", "A346", "A347", "A349",
    "A350", "A353", "A354", "A355", "A357", "A358", "A361", "A363", "A365", "A367", "A368", "A369",
    "A372", "A373",
];

/// Features a row may wait for.
const LATER: &[&str] = &[];

fn case_and_holders() -> Vec<(String, String)> {
    rows("docs/attacks.md", "A")
        .into_iter()
        .map(|cells| {
            let [case, rule, held_by] = &cells[..] else {
                panic!("three cells: {cells:?}");
            };
            assert!(rule.len() > 20, "a rule in words: {cells:?}");
            (case.clone(), held_by.clone())
        })
        .collect()
}

#[test]
fn every_case_has_one_row_and_every_row_is_true() {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for (case, held_by) in case_and_holders() {
        assert!(CASES.contains(&case.as_str()), "{case} is no case of ours");
        *seen.entry(case.clone()).or_default() += 1;
        if let Some(feature) = held_by.strip_prefix("later: ") {
            assert!(LATER.contains(&feature), "{case} waits for {feature:?}");
            continue;
        }
        for test in tests(&held_by) {
            let found = source_of(test).is_some();
            assert!(found, "{case}: there is no test {test}");
        }
    }
    for case in CASES {
        assert_eq!(seen.get(*case), Some(&1), "{case} has one row");
    }
}
