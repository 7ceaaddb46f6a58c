//! Nothing is lost and nothing counted twice while it grows coarser, and there is an end to it.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::core::fixtures;

fn look(second: u64, found: Found, took: u64) -> Sample {
    let measured = [(Measure::Lag, second as f64), (Measure::Latency, 1.0)].into();
    Sample { at: fixtures::at(second), took: Span::from_millis(took), found, why: String::new(), measured }
}

/// What a store does to the slots of one probe from one place, in memory.
fn thinned(slots: Vec<Slot>, now: Moment) -> Vec<Slot> {
    let mut kept = slots;
    for grain in Grain::ALL {
        let before = grain.old_before(now);
        let (old, young): (Vec<Slot>, Vec<Slot>) =
            kept.into_iter().partition(|slot| slot.grain == grain && slot.at < before);
        kept = young;
        let Some(coarser) = grain.coarser() else { continue };
        for slot in coarsened(&old, coarser) {
            match kept.iter_mut().find(|known| known.grain == coarser && known.at == slot.at) {
                Some(known) => known.join(&slot),
                None => kept.push(slot),
            }
        }
        kept.sort_by_key(|slot| (slot.at, slot.grain));
    }
    kept
}

fn totals(slots: &[Slot]) -> (u32, u32, u32, u32, Span) {
    summary(slots).map_or((0, 0, 0, 0, Span::ZERO), |all| (all.good, all.degraded, all.bad, all.unseen, all.took))
}

/// Looks at odd moments over two days: seconds between them, what they found, how long they took.
fn row() -> impl Strategy<Value = Vec<(u64, Found, u64)>> {
    let found = prop_oneof![Just(Found::Good), Just(Found::Degraded), Just(Found::Bad), Just(Found::Unseen)];
    let pause = prop_oneof![4 => 1..30_u64, 2 => 30..900_u64, 1 => 900..20_000_u64];
    prop::collection::vec((pause, found, 0..5_000_u64), 1..150)
}

proptest! {
    #[test]
    fn every_look_is_in_one_slot_however_often_it_is_thinned(row in row(), every in 1..40_usize) {
        let mut second = 0;
        let mut slots: Vec<Slot> = Vec::new();
        let mut counted: BTreeMap<&str, u32> = BTreeMap::new();
        let mut took = Span::ZERO;
        for (place, (pause, found, millis)) in row.iter().enumerate() {
            second += pause;
            let slot = Slot::of(&look(second, *found, *millis));
            let (name, answered) = match found {
                Found::Good => ("good", true),
                Found::Degraded => ("degraded", true),
                Found::Bad => ("bad", false),
                Found::Unseen => ("unseen", false),
            };
            *counted.entry(name).or_default() += 1;
            if answered {
                took = took.plus(Span::from_millis(*millis));
            }
            match slots.iter_mut().find(|known| known.grain == slot.grain && known.at == slot.at) {
                Some(known) => known.join(&slot),
                None => slots.push(slot),
            }
            if place % every == 0 {
                slots = thinned(slots, fixtures::at(second).utc);
            }
        }
        // Less than the fourteen days that anything is kept.
        let slots = thinned(slots, fixtures::at(second).utc);
        let count = |name: &str| counted.get(name).copied().unwrap_or(0);
        let expected = (count("good"), count("degraded"), count("bad"), count("unseen"), took);
        if second < 13 * 86_400 {
            prop_assert_eq!(totals(&slots), expected);
        }
        for pair in slots.windows(2) {
            prop_assert!(pair[0].end() <= pair[1].at, "two slots hold the same moment: {:?}", pair);
        }
        let newest = slots.iter().rev().find(|slot| !slot.measured.is_empty()).unwrap();
        prop_assert_eq!(newest.measured.get(&Measure::Lag), Some(&(second as f64)), "the last value stays");
        prop_assert!(!newest.measured.contains_key(&Measure::Latency));
    }

    #[test]
    fn cells_hold_every_look_of_fine_slots_once(row in row(), count in 1..90_usize) {
        let mut second = 0;
        let slots: Vec<Slot> = row.iter().map(|(pause, found, millis)| {
            second += pause;
            Slot::of(&look(second, *found, *millis))
        }).collect();
        // Cells no shorter than the slots, over everything.
        let length = Span::from_secs((second + 20).max(10 * count as u64));
        let row = cells(&slots, fixtures::at(second + 10).utc, length, count, Span::ZERO);
        prop_assert_eq!(row.len(), count);
        let some = row.iter().filter(|cell| cell.sight != Sight::Nothing).count();
        prop_assert!(some >= 1 && some <= slots.len());
    }
}

#[test]
fn fifteen_minutes_are_kept_in_fine_slots_and_weeks_in_bounded_room() {
    let mut slots: Vec<Slot> = Vec::new();
    let every = 30;
    let days = 16;
    for second in (0..days * 86_400).step_by(every) {
        let slot = Slot::of(&look(second, Found::Good, 3));
        slots.push(slot);
        // Once an hour is seldom, and enough for the end to be the same.
        if second % 3_600 == 0 {
            slots = thinned(slots, fixtures::at(second).utc);
        }
    }
    let now = fixtures::at(days * 86_400).utc;
    let slots = thinned(slots, now);
    let of = |grain: Grain| slots.iter().filter(|slot| slot.grain == grain).count();
    assert!((900 / every..=960 / every).contains(&of(Grain::TenSeconds)));
    assert!((105..=115).contains(&of(Grain::Minute)), "{}", of(Grain::Minute));
    assert!((132..=138).contains(&of(Grain::TenMinutes)), "{}", of(Grain::TenMinutes));
    assert!((312..=313).contains(&of(Grain::Hour)), "{}", of(Grain::Hour));
    let oldest = slots.first().unwrap();
    assert!(now.since(oldest.at) <= Grain::Hour.kept().plus(Grain::Hour.length()), "nothing is kept for ever");
}

#[test]
fn a_wrong_answer_counts_and_its_time_does_not() {
    let mut slot = Slot::of(&look(3, Found::Good, 10));
    slot.join(&Slot::of(&look(4, Found::Bad, 5_000)));
    slot.join(&Slot::of(&look(5, Found::Degraded, 30)));
    assert_eq!((slot.looks(), slot.mean(), slot.slowest), (3, Some(Span::from_millis(20)), Span::from_millis(30)));
    assert_eq!(Slot::of(&look(4, Found::Bad, 5_000)).mean(), None);
}

#[test]
fn a_row_of_cells_says_what_was_seen_where() {
    let looks = [(0, Found::Good), (10, Found::Good), (20, Found::Bad), (30, Found::Bad), (40, Found::Unseen)];
    let mut slots: Vec<Slot> = looks.iter().map(|(second, found)| Slot::of(&look(*second, *found, 7))).collect();
    let sights = |slots: &[Slot], seconds: u64, count| -> Vec<Sight> {
        let row = cells(slots, fixtures::at(60).utc, Span::from_secs(seconds), count, Span::ZERO);
        row.iter().map(|cell| cell.sight).collect()
    };
    use Sight::{Bad, Good, Mixed, Nothing, Unseen};
    assert_eq!(sights(&slots, 60, 6), [Good, Good, Bad, Bad, Unseen, Nothing]);
    assert_eq!(sights(&slots, 60, 2), [Mixed, Bad], "an unseen look hides no bad one");
    assert_eq!(sights(&slots, 30, 3), [Bad, Unseen, Nothing], "what was before is left out");
    assert_eq!(sights(&slots, 0, 2), [Nothing, Nothing]);
    let seldom = [slots.remove(0), slots.remove(1)];
    let row = cells(&seldom, fixtures::at(60).utc, Span::from_secs(60), 6, Span::from_secs(15));
    let row: Vec<Sight> = row.iter().map(|cell| cell.sight).collect();
    assert_eq!(row, [Good, Good, Bad, Bad, Nothing, Nothing], "what was seen holds until the next look is due");
    let later = cells(&seldom, fixtures::at(58).utc, Span::from_secs(60), 6, Span::from_secs(15));
    assert_eq!(later.iter().map(|cell| cell.sight).collect::<Vec<_>>(), row, "cells do not run with the clock");
    slots.extend(seldom);
    slots = coarsened(&slots, Grain::Minute);
    assert_eq!(sights(&slots, 60, 3), [Mixed; 3], "a slot longer than a cell is seen in each");
}

#[test]
fn details_are_cut_between_characters() {
    let detail = kept_detail("é".repeat(DETAIL_KEPT));
    assert_eq!(detail.len(), DETAIL_KEPT);
    assert!(kept_detail(format!("a{detail}")).len() < DETAIL_KEPT);
}
