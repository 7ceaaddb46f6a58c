//! Files that are made to hurt, by people or by chance.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use warroom::plan::{MAX_BYTES, Reading, read, render};

use crate::{DELIVERY, EVERYTHING, FAULTY, SHOP, reading};

/// Far above what any of them takes, far below what an unbounded one would.
const BOUND: Duration = Duration::from_secs(20);

fn whats(reading: &Reading) -> Vec<&str> {
    reading.faults.iter().map(|f| f.what.as_str()).collect()
}

fn refused(text: &str, what: &str) {
    let began = Instant::now();
    let reading = reading(text);
    let said = whats(&reading);
    assert!(reading.plan.is_none());
    assert!(said.contains(&what), "{what:?} is not among {said:?}");
    assert!(began.elapsed() < BOUND, "{:?} for {what}", began.elapsed());
    assert_places_inside(&reading);
    assert!(began.elapsed() < BOUND * 2, "{:?} to show {what}", began.elapsed());
}

fn assert_places_inside(reading: &Reading) {
    // A line of YAML ends with LF, CR LF or a CR alone (YAML 1.2.2, 5.4).
    let text = reading.text.replace("\r\n", "\n");
    let lines: Vec<&str> = text.split(['\n', '\r']).collect();
    for fault in &reading.faults {
        let place = fault.place;
        let line = lines.get(place.line - 1).unwrap_or_else(|| panic!("{fault:?} is after the text"));
        let length = line.chars().count();
        assert!(place.column >= 1 && place.column - 1 + place.length <= length, "{fault:?} in {length} characters");
    }
    let shown = render("plan.yml", &reading.text, &reading.faults);
    assert!(shown.chars().all(|c| c == '\n' || !c.is_control()), "{shown:?}");
}

#[test]
fn a_file_over_the_limit_is_not_parsed() {
    let reading = read("large.yml", &vec![b'a'; MAX_BYTES + 1]);
    assert_eq!(whats(&reading), ["\"large.yml\" has 4194305 bytes; at most 4194304 (4 MiB) are read"]);
    assert!(reading.text.is_empty());
    assert_places_inside(&reading);
}

#[test]
fn a_bomb_of_aliases_is_refused() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for i in 1..20 {
        let before = format!("*a{}", i - 1);
        bomb += &format!("a{i}: &a{i} [{}]\n", [before.as_str(); 10].join(", "));
    }
    refused(&bomb, "the plan has more than 200000 values, aliases written out");
}

#[test]
fn a_bomb_of_one_long_text_is_refused() {
    let bomb = format!("a: &a {}\nb: [{}]\n", "x".repeat(100_000), ["*a"; 1_000].join(", "));
    refused(&bomb, "the plan has more than 8388608 bytes of text, aliases written out");
}

#[test]
fn nesting_is_bounded_whatever_it_is_made_of() {
    let deep = "lists and maps are nested deeper than 64";
    for text in ["[", "{a: ", "- ", "[[", "? "].map(|open| open.repeat(200_000)) {
        refused(&text, deep);
    }
    let mut steps = "a0: &a0 [x]\n".to_owned();
    for i in 1..100 {
        steps += &format!("a{i}: &a{i} [*a{}]\n", i - 1);
    }
    refused(&steps, deep);
    let ladder: String = (0..2_000).map(|i| format!("{}a:\n", " ".repeat(i))).collect();
    refused(&ladder, deep);
}

#[test]
fn large_junk_ends_in_time() {
    for text in [
        "- a\n".repeat(MAX_BYTES / 4),
        ",".repeat(MAX_BYTES),
        "a".repeat(MAX_BYTES),
        "\"".repeat(MAX_BYTES),
        "&a ".repeat(MAX_BYTES / 3),
        "!".repeat(MAX_BYTES),
        "#\n".repeat(MAX_BYTES / 2),
        "\u{202e}".repeat(MAX_BYTES / 3),
        format!("a: \"{}\"", "\\u202e".repeat(MAX_BYTES / 7)),
        format!("{{{}}}", (0..150_000).map(|i| format!("k{i}: 1,")).collect::<String>()),
    ] {
        let began = Instant::now();
        let reading = reading(&text);
        assert!(reading.plan.is_none());
        assert!(reading.faults.len() <= 501);
        assert_places_inside(&reading);
        assert!(began.elapsed() < BOUND, "{:?} for {:?}", began.elapsed(), text.get(..12));
    }
}

#[test]
fn many_wrong_references_and_a_long_chain_end_in_time() {
    let component =
        |i: usize, needs: &str| format!("- {{component_id: c{i}, name: C, type: api, dependencies: [{needs}]}}\n");
    let chain: String = (0..15_000).map(|i| component(i, &format!("c{}", (i + 1) % 15_000))).collect();
    let began = Instant::now();
    let circle = reading(&format!("plan_name: a\ncomponents:\n{chain}"));
    assert_eq!(circle.faults.len(), 1);
    assert!(circle.faults[0].what.ends_with("c11 → 14988 more → c0"), "{}", circle.faults[0].what);
    let lost: String = (0..15_000).map(|i| component(i, &format!("d{i}"))).collect();
    let lost = reading(&format!("plan_name: a\ncomponents:\n{lost}"));
    assert_eq!(lost.faults.len(), 501);
    assert_eq!(lost.faults[500].what, "14500 more faults are not listed; at most 500 are");
    assert!(began.elapsed() < BOUND, "{:?}", began.elapsed());
}

/// A plan with one procedure of those steps, one a line.
fn with_steps(steps: impl Iterator<Item = String>) -> String {
    let steps: String = steps.map(|step| format!("  - {{{step}}}\n")).collect();
    format!(
        "plan_name: a\ncomponents: [{{component_id: a, name: A, type: api}}]\nrecovery_procedures:\n\
         - procedure_id: p\n  name: P\n  steps:\n{steps}"
    )
}

#[test]
fn ten_thousand_steps_with_needs_are_read_in_time() {
    let began = Instant::now();
    // Five needs each, all over what stands above, and a gate at the top of it all.
    let needs = |i: usize| (1..6).map(|k| format!("s{}", i.saturating_sub(k * k).max(1) - 1)).collect::<Vec<_>>();
    let step = |i: usize| {
        let mut needs = needs(i);
        needs.dedup();
        format!("id: s{i}, manual: x, no_return: true, needs: [{}]", needs.join(", "))
    };
    let steps = std::iter::once("id: s0, gate: Go".to_owned()).chain((1..10_000).map(step));
    let reading = reading(&with_steps(steps));
    assert_eq!(reading.faults, []);
    assert_eq!(reading.plan.unwrap().procedures[0].steps.len(), 10_000);
    assert!(began.elapsed() < BOUND, "{:?}", began.elapsed());
}

#[test]
fn steps_in_a_long_circle_and_results_by_the_thousand_are_read_in_time() {
    let began = Instant::now();
    let circle =
        reading(&with_steps((0..10_000).map(|i| format!("id: s{i}, manual: x, needs: [s{}]", (i + 1) % 10_000))));
    assert_eq!(circle.faults.len(), 1);
    assert!(circle.faults[0].what.ends_with("s11 → 9988 more → s0"), "{}", circle.faults[0].what);
    let below = reading(&with_steps((0..10_000).map(|i| format!("id: s{i}, manual: x, needs: [s{}]", 9_999 - i))));
    assert_eq!(below.faults.len(), 500, "no more circles are told");
    let step = |i: usize| {
        format!("id: s{i}, command: [a, \"${{r{}}}\"], result: {{r{i}: {{line: last}}}}", i.saturating_sub(1))
    };
    let results = reading(&with_steps((0..5_000).map(step)));
    assert_eq!(results.faults.len(), 1, "the first uses its own");
    let later = |i: usize| format!("id: s{i}, command: [a, \"${{r{}}}\"], result: {{r{i}: {{line: last}}}}", 4_999 - i);
    assert_eq!(reading(&with_steps((0..5_000).map(later))).faults.len(), 501);
    assert!(began.elapsed() < BOUND, "{:?}", began.elapsed());
}

#[test]
fn a_long_chain_of_calls_ends_in_time() {
    let began = Instant::now();
    let procedures = |call: fn(usize) -> usize| -> String {
        let one = |i: usize| {
            format!("- {{procedure_id: p{i}, name: P, steps: [{{procedure: p{0}}}, {{procedure: p{0}}}]}}\n", call(i))
        };
        let last = "- {procedure_id: p5000, name: P, steps: [Look]}\n".to_owned();
        let list: String = (0..5_000).map(one).chain([last]).collect();
        format!("plan_name: a\ncomponents: [{{component_id: a, name: A, type: api}}]\nrecovery_procedures:\n{list}")
    };
    let chain = reading(&procedures(|i| i + 1));
    let whats = whats(&chain);
    assert_eq!(whats.len(), 2, "{whats:?}");
    assert!(
        whats.iter().all(|what| *what == "procedure: this is the first of 17 calls within each other"),
        "{whats:?}"
    );
    let circle = reading(&procedures(|i| (i + 1) % 5_000));
    assert!(circle.faults[0].what.starts_with("procedures call each other in a circle: p0 → p1 → "));
    assert!(began.elapsed() < BOUND, "{:?}", began.elapsed());
}

#[test]
fn a_fault_that_an_alias_repeats_is_told_once() {
    let again = ["*c"; 200].join(", ");
    let reading = reading(&format!(
        "plan_name: a\nchannels: [&c {{x: 1}}, {again}]\ncomponents: [{{component_id: a, name: A, type: api}}]\n"
    ));
    assert!(reading.faults.len() <= 201, "{}", reading.faults.len());
}

fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let good = prop::sample::select(vec![SHOP, DELIVERY, FAULTY, EVERYTHING, EVERYTHING]);
    let piece = prop_oneof![
        Just(Vec::new()),
        prop::collection::vec(any::<u8>(), 1..4),
        prop::sample::select(vec![
            "[",
            "]",
            "{",
            "}",
            "\"",
            "'",
            "&a ",
            "*a",
            "!x ",
            "\t",
            "\n",
            ": ",
            "- ",
            "<<: ",
            "\0",
            "\u{202e}",
            "|\n",
            "0777",
            "${",
            "---\n",
            "99999999999999999999",
            "1e999",
            "-1",
            "${ticket}",
            "needs: [go]\n",
            "when: not (",
            "procedure: failover-west",
            "do: [",
            "for_each: "
        ])
        .prop_map(|s| s.as_bytes().to_vec()),
    ];
    (good, prop::collection::vec((any::<prop::sample::Index>(), 0_usize..30, piece), 1..6)).prop_map(|(good, cuts)| {
        let mut bytes = good.as_bytes().to_vec();
        for (at, length, piece) in cuts {
            let at = at.index(bytes.len() + 1);
            let end = (at + length).min(bytes.len());
            bytes.splice(at..end, piece);
        }
        bytes
    })
}

/// A plan with everything in it whose lines were swapped, doubled and left out.
fn shuffled() -> impl Strategy<Value = String> {
    let index = any::<prop::sample::Index>;
    prop::collection::vec((0..3, index(), index()), 1..8).prop_map(|changes| {
        let mut lines: Vec<&str> = EVERYTHING.lines().collect();
        for (change, a, b) in changes {
            let (a, b) = (a.index(lines.len()), b.index(lines.len()));
            match change {
                0 => lines.swap(a, b),
                1 => lines.insert(a, lines[b]),
                _ => drop(lines.remove(a)),
            }
        }
        lines.join("\n")
    })
}

/// What must hold of every file: a plan or an error, never both or neither; and places that are in the text.
fn check(bytes: &[u8]) {
    let reading = read("plan.yml", bytes);
    let failed = reading.faults.iter().any(|f| f.level == warroom::plan::Level::Error);
    assert_eq!(reading.plan.is_none(), failed, "{:?}", reading.faults);
    assert_places_inside(&reading);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        check(&bytes);
    }

    #[test]
    fn any_text_is_read_without_a_panic(text in "[-a-z0-9 \\n\\t:,\\[\\]{}&*!|>'\"#%@`$<?~.\u{e9}\u{202e}\r]{0,200}") {
        check(text.as_bytes());
    }

    #[test]
    fn plans_with_their_lines_in_disorder_are_read_without_a_panic(text in shuffled()) {
        check(text.as_bytes());
    }

    #[test]
    fn plans_with_a_slip_in_them_are_read_without_a_panic(bytes in mutated()) {
        check(&bytes);
    }
}
