//! Turns, joins and limits of lanes, step by step and at random.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::HashMap;

use super::{LaneId, Lanes, Work};

/// A number for a flow, about some things.
#[derive(Debug, Clone, PartialEq)]
struct Item {
    number: u32,
    flow: &'static str,
    keys: Vec<String>,
    replaceable: bool,
}

impl Work for Item {
    fn flow(&self) -> &str {
        self.flow
    }

    fn keys(&self) -> &[String] {
        &self.keys
    }

    fn is_replaceable(&self) -> bool {
        self.replaceable
    }
}

fn keys(names: &str) -> Vec<String> {
    names.split_whitespace().map(str::to_owned).collect()
}

fn item(number: u32, flow: &'static str, names: &str) -> Item {
    Item { number, flow, keys: keys(names), replaceable: false }
}

fn push(lanes: &mut Lanes<Item>, items: &[(&str, u32)]) {
    items.iter().for_each(|(names, number)| lanes.push(item(*number, "f", names)));
}

fn take(lanes: &mut Lanes<Item>) -> Option<(LaneId, u32)> {
    lanes.take(|_| None).map(|(lane, item)| (lane, item.number))
}

fn next(lanes: &mut Lanes<Item>) -> Option<u32> {
    take(lanes).map(|(_, number)| number)
}

#[test]
fn one_at_a_time_for_each_thing_and_in_order() {
    let mut lanes = Lanes::default();
    push(&mut lanes, &[("a", 1), ("a", 2), ("b", 3)]);
    let (a, first) = take(&mut lanes).unwrap();
    assert_eq!(first, 1);
    assert_eq!(next(&mut lanes), Some(3));
    assert_eq!(next(&mut lanes), None);
    lanes.release(a, "f");
    assert_eq!(next(&mut lanes), Some(2));
}

#[test]
fn lanes_take_turns_whatever_waits_in_each() {
    let mut lanes = Lanes::default();
    push(&mut lanes, &[("a", 1), ("a", 2), ("a", 3), ("b", 4), ("b", 5), ("c", 6)]);
    let mut order = Vec::new();
    while let Some((lane, number)) = take(&mut lanes) {
        order.push(number);
        lanes.release(lane, "f");
    }
    assert_eq!(order, [1, 4, 6, 2, 5, 3]);
}

#[test]
fn two_keys_in_one_event_join_their_lanes() {
    let mut lanes = Lanes::default();
    push(&mut lanes, &[("r", 1), ("o", 2), ("r o", 3), ("o", 4)]);
    let mut order = Vec::new();
    while let Some((lane, number)) = take(&mut lanes) {
        assert_eq!(next(&mut lanes), None, "only one at a time after {number}");
        order.push(number);
        lanes.release(lane, "f");
    }
    assert_eq!(order, [1, 2, 3, 4]);
    assert!(lanes.is_idle());
    push(&mut lanes, &[("r", 5), ("o", 6)]);
    assert!(next(&mut lanes).is_some());
    assert_eq!(next(&mut lanes), None, "the join is remembered");
}

#[test]
fn what_joins_two_great_lanes_is_not_forgotten_with_them() {
    let mut lanes = Lanes::default();
    let names = |kind: &str| (0..600).map(|number| format!("{kind}{number} ")).collect::<String>();
    push(&mut lanes, &[(&names("r"), 1), (&names("o"), 2)]);
    while let Some((lane, _)) = take(&mut lanes) {
        lanes.release(lane, "f");
    }
    push(&mut lanes, &[("r0 o0", 3)]);
    let (lane, number) = take(&mut lanes).unwrap();
    assert_eq!(number, 3);
    lanes.release(lane, "f");
    assert!(lanes.is_idle() && lanes.of_key.is_empty(), "together they have too many keys to be remembered");
}

#[test]
fn lanes_that_are_both_busy_wait_for_both_after_they_join() {
    let mut lanes = Lanes::default();
    push(&mut lanes, &[("r", 1), ("o", 2)]);
    let taken: Vec<_> = std::iter::from_fn(|| take(&mut lanes)).collect();
    push(&mut lanes, &[("r o", 3)]);
    assert_eq!(next(&mut lanes), None);
    lanes.release(taken[0].0, "f");
    assert_eq!(next(&mut lanes), None);
    lanes.release(taken[1].0, "f");
    let (lane, number) = take(&mut lanes).unwrap();
    assert_eq!(number, 3);
    lanes.release(lane, "f");
    assert!(lanes.joined.is_empty(), "nothing is remembered of work that is done");
}

#[test]
fn newer_work_replaces_what_waits_and_never_what_runs() {
    let mut lanes = Lanes::default();
    let hint = |number, flow| Item { replaceable: true, ..item(number, flow, "a") };
    let push = |lanes: &mut Lanes<Item>, item: Item| {
        let mut old = None;
        lanes.push_merging(item, |new, replaced| {
            old = Some(replaced.number);
            new
        });
        old
    };
    assert_eq!(push(&mut lanes, hint(1, "f")), None);
    let (lane, _) = take(&mut lanes).unwrap();
    assert_eq!(push(&mut lanes, hint(2, "f")), None, "what runs is not replaced");
    lanes.push(item(3, "f", "a"));
    assert_eq!(push(&mut lanes, hint(4, "g")), None, "another flow");
    assert_eq!(push(&mut lanes, hint(5, "f")), Some(2));
    lanes.release(lane, "f");
    let rest: Vec<u32> = std::iter::from_fn(|| take(&mut lanes).inspect(|(lane, _)| lanes.release(*lane, "f")))
        .map(|(_, number)| number)
        .collect();
    assert_eq!(rest, [3, 4, 5]);
    assert!(lanes.is_idle());
}

#[test]
fn a_lane_keeps_its_turn_when_newer_work_replaces_what_waits() {
    let mut lanes = Lanes::default();
    let hint = |number, names| Item { replaceable: true, ..item(number, "f", names) };
    for (names, number) in [("a", 1), ("b", 2), ("a", 3)] {
        lanes.push_merging(hint(number, names), |new, _| new);
    }
    assert_eq!((next(&mut lanes), next(&mut lanes)), (Some(3), Some(2)));
}

#[test]
fn what_has_no_place_keeps_its_turn() {
    let mut lanes = Lanes::default();
    for (names, flow, number) in [("a", "one", 1), ("b", "one", 2), ("c", "many", 3), ("d", "one", 4)] {
        lanes.push(item(number, flow, names));
    }
    let most = |flow: &str| (flow == "one").then_some(1);
    let take = |lanes: &mut Lanes<Item>| lanes.take(most).map(|(lane, item)| (lane, item.number));
    let (a, first) = take(&mut lanes).unwrap();
    assert_eq!(first, 1);
    let (c, third) = take(&mut lanes).unwrap();
    assert_eq!((third, take(&mut lanes)), (3, None));
    lanes.push(item(5, "many", "e"));
    lanes.release(a, "one");
    assert_eq!(take(&mut lanes).map(|(_, number)| number), Some(2), "it waited longer");
    assert_eq!(take(&mut lanes).map(|(_, number)| number), Some(5));
    assert_eq!(take(&mut lanes), None);
    lanes.release(c, "many");
    assert_eq!(take(&mut lanes), None);
}

#[test]
fn work_that_was_under_way_before_holds_its_lane() {
    let mut lanes = Lanes::default();
    let held = lanes.take_up(&keys("a"), "f");
    push(&mut lanes, &[("a", 1), ("b", 2)]);
    assert_eq!((next(&mut lanes), next(&mut lanes)), (Some(2), None));
    lanes.release(held, "f");
    assert_eq!(next(&mut lanes), Some(1));
}

/// Events about things that are joined again and again, taken and released in any order: at any time at most one is
/// under way for each thing, each thing's are taken in the order in which they came, and nothing is left over.
#[test]
fn at_random() {
    for seed in 1..=200_u64 {
        let mut state = seed;
        let mut random = move |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).unwrap() % below
        };
        let mut lanes = Lanes::default();
        let mut under_way: Vec<(LaneId, Item)> = Vec::new();
        let mut newest: HashMap<String, u32> = HashMap::new();
        let (mut number, mut done) = (0, 0);
        while done < 200 {
            if number < 200 && random(2) == 0 {
                number += 1;
                let names: Vec<String> = (0..random(3)).map(|_| random(12).to_string()).collect();
                let flow = ["f", "g", "h"][random(3)];
                lanes.push(Item { number, flow, keys: names, replaceable: false });
            }
            if let Some((lane, item)) = lanes.take(|flow| (flow == "g").then_some(2)) {
                let shares = |other: &Item| other.keys.iter().any(|key| item.keys.contains(key));
                assert!(
                    !under_way.iter().any(|(_, other)| shares(other)),
                    "seed {seed}: {item:?} beside {under_way:?}"
                );
                for key in &item.keys {
                    let before = newest.insert(key.clone(), item.number);
                    assert!(
                        before.is_none_or(|before| before <= item.number),
                        "seed {seed}: {item:?} after {before:?}"
                    );
                }
                under_way.push((lane, item));
                let limited = under_way.iter().filter(|(_, item)| item.flow == "g").count();
                assert!(limited <= 2, "seed {seed}: {under_way:?}");
            }
            if !under_way.is_empty() && random(3) == 0 {
                let (lane, item) = under_way.swap_remove(random(under_way.len()));
                lanes.release(lane, item.flow);
                done += 1;
            }
        }
        assert!(lanes.is_idle() && lanes.ready.is_empty() && lanes.blocked.is_empty(), "seed {seed}");
        assert!(lanes.joined.is_empty() && lanes.under_way.is_empty(), "seed {seed}");
    }
}

/// What many lanes of one flow cost while it has no place, and what a lane costs in which much waits, does not grow
/// with how many they are: a quadratic one would not end here.
#[test]
fn much_work_is_no_more_work_for_each() {
    const MUCH: u32 = 100_000;
    let mut lanes = Lanes::default();
    for number in 0..MUCH {
        lanes.push(item(number, "one", &number.to_string()));
        lanes.push_merging(item(number, "f", "busy"), |new, _| new);
    }
    let mut taken = 0;
    while let Some((lane, item)) = lanes.take(|_| Some(1)) {
        taken += 1;
        if taken % 2 == 0 {
            assert!(lanes.take(|_| Some(0)).is_none());
        }
        lanes.release(lane, item.flow);
    }
    assert_eq!(taken, 2 * MUCH);
}
