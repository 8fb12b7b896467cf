//! The stylesheet by numbers: contrast as WCAG 2.2 asks for at level AA.

use std::collections::BTreeMap;

const STYLE: &str = include_str!("../../../templates/style.css");

/// The colours by name, light and dark.
fn palettes() -> [BTreeMap<&'static str, u32>; 2] {
    let (light, dark) = STYLE
        .split_once("prefers-color-scheme: dark")
        .expect("a dark palette");
    [light, dark].map(|text| {
        text.lines()
            .filter_map(|line| line.trim().strip_prefix("--")?.split_once(": #"))
            .map(|(name, value)| {
                let hex = value.trim_end_matches(';');
                (name, u32::from_str_radix(hex, 16).expect("six digits"))
            })
            .collect()
    })
}

/// WCAG 2.2, relative luminance.
fn luminance(colour: u32) -> f64 {
    let [_, red, green, blue] = colour.to_be_bytes();
    let linear = [red, green, blue].map(|channel| {
        let share = f64::from(channel) / 255.0;
        if share <= 0.04045 {
            share / 12.92
        } else {
            ((share + 0.055) / 1.055).powf(2.4)
        }
    });
    0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
}

fn contrast(one: u32, other: u32) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn text_and_edges_stand_out_in_light_and_dark() {
    assert!(
        (contrast(0, 0x00ff_ffff) - 21.0).abs() < 0.01,
        "black on white"
    );
    for palette in palettes() {
        for (front, back, least) in [
            ("ink", "ground", 4.5),
            ("ink", "paper", 4.5),
            ("ink", "soft", 4.5),
            ("quiet", "paper", 4.5),
            ("quiet", "soft", 4.5),
            ("accent", "paper", 4.5),
            ("accent-strong", "paper", 4.5),
            ("accent-strong", "soft", 4.5),
            ("on-accent", "accent", 4.5),
            ("on-accent", "accent-strong", 4.5),
            ("alarm", "alarm-soft", 4.5),
            ("warning", "warning-soft", 4.5),
            ("edge", "paper", 3.0),
            ("accent", "paper", 3.0),
        ] {
            let ratio = contrast(palette[front], palette[back]);
            assert!(ratio >= least, "{front} on {back}: {ratio:.2}");
        }
    }
}

#[test]
fn every_colour_is_one_of_the_palette_and_every_name_is_used() {
    let rules = STYLE.split_once("* { box-sizing").expect("the rules").1;
    assert!(!rules.contains('#'), "a colour outside the palette");
    let [light, dark] = palettes();
    assert!(light.keys().eq(dark.keys()));
    for name in light.keys() {
        assert!(rules.contains(&format!("var(--{name})")), "{name}");
    }
}

#[test]
fn the_focus_is_never_hidden() {
    assert!(STYLE.contains(":focus-visible { outline: 3px solid"));
    assert!(!STYLE.contains("outline: none") && !STYLE.contains("outline: 0"));
}
