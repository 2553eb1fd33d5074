//! Which event may have its run now: one at a time for each thing, in order, different things side by side.
//!
//! A thing has one or more keys (`deal/…`); an event that names two keys joins them for good, so the lane of
//! a referral and the lane of its opportunity are one from then on. Pure: nothing here waits.

use std::collections::{HashMap, VecDeque};

/// Keys of idle things that are remembered as joined; beyond it the oldest are forgotten.
const MOST_IDLE: usize = 50_000;

/// Waiting work, by the things that it is about.
#[derive(Debug)]
pub struct Lanes<T> {
    of_key: HashMap<String, LaneId>,
    lanes: HashMap<LaneId, Lane<T>>,
    /// Where a lane went that was joined with another.
    moved: HashMap<LaneId, LaneId>,
    ready: VecDeque<LaneId>,
    idle: VecDeque<LaneId>,
    next: u64,
    arrivals: u64,
}

/// The number of a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LaneId(u64);

#[derive(Debug)]
struct Lane<T> {
    keys: Vec<String>,
    waiting: VecDeque<(u64, T)>,
    busy: usize,
    is_ready: bool,
}

impl<T> Default for Lanes<T> {
    fn default() -> Lanes<T> {
        Lanes {
            of_key: HashMap::new(),
            lanes: HashMap::new(),
            moved: HashMap::new(),
            ready: VecDeque::new(),
            idle: VecDeque::new(),
            next: 0,
            arrivals: 0,
        }
    }
}

impl<T> Lanes<T> {
    /// Puts work in the lane of its keys, which it joins where there are several; work without a key has a
    /// lane of its own.
    pub fn push(&mut self, keys: &[String], work: T) {
        let id = self.lane_of(keys);
        self.arrivals += 1;
        if let Some(lane) = self.lanes.get_mut(&id) {
            lane.waiting.push_back((self.arrivals, work));
        }
        self.settle(id);
    }

    /// Takes waiting work out of the lanes of these keys, where newer work stands for it.
    pub fn take_waiting(&mut self, keys: &[String], replaced: impl Fn(&T) -> bool) -> Vec<T> {
        let mut taken = Vec::new();
        for key in keys {
            let Some(id) = self.of_key.get(key).map(|id| self.current(*id)) else { continue };
            let Some(lane) = self.lanes.get_mut(&id) else { continue };
            let (out, kept): (Vec<_>, Vec<_>) = lane.waiting.drain(..).partition(|(_, waiting)| replaced(waiting));
            taken.extend(out.into_iter().map(|(_, work)| work));
            lane.waiting.extend(kept);
        }
        taken
    }

    /// The next work whose turn it is and that may begin, with the lane to release when it is done. What may not
    /// keeps its turn.
    pub fn take(&mut self, may_begin: impl Fn(&T) -> bool) -> Option<(LaneId, T)> {
        let mut place = 0;
        while let Some(id) = self.ready.get(place).copied() {
            let front = self.lanes.get_mut(&id).filter(|lane| lane.busy == 0 && !lane.waiting.is_empty());
            match front {
                Some(lane) if lane.waiting.front().is_some_and(|(_, work)| !may_begin(work)) => place += 1,
                Some(lane) => {
                    self.ready.remove(place);
                    lane.is_ready = false;
                    lane.busy += 1;
                    return lane.waiting.pop_front().map(|(_, work)| (id, work));
                }
                None => {
                    self.ready.remove(place);
                    if let Some(lane) = self.lanes.get_mut(&id) {
                        lane.is_ready = false;
                    }
                }
            }
        }
        None
    }

    /// Says that the work taken from a lane is done.
    pub fn release(&mut self, id: LaneId) {
        let id = self.current(id);
        if let Some(lane) = self.lanes.get_mut(&id) {
            lane.busy = lane.busy.saturating_sub(1);
        }
        self.settle(id);
        self.forget();
    }

    /// Whether nothing waits and nothing is under way.
    pub fn is_idle(&self) -> bool {
        self.lanes.values().all(|lane| lane.busy == 0 && lane.waiting.is_empty())
    }

    fn current(&self, mut id: LaneId) -> LaneId {
        while let Some(next) = self.moved.get(&id) {
            id = *next;
        }
        id
    }

    fn lane_of(&mut self, keys: &[String]) -> LaneId {
        let mut known: Vec<LaneId> =
            keys.iter().filter_map(|key| self.of_key.get(key)).map(|id| self.current(*id)).collect();
        known.dedup();
        let id = match known.first() {
            Some(id) => *id,
            None => {
                self.next += 1;
                let id = LaneId(self.next);
                self.lanes.insert(id, Lane { keys: Vec::new(), waiting: VecDeque::new(), busy: 0, is_ready: false });
                id
            }
        };
        for other in known.into_iter().skip(1).filter(|other| *other != id) {
            self.join(id, other);
        }
        for key in keys {
            if self.of_key.insert(key.clone(), id).is_none()
                && let Some(lane) = self.lanes.get_mut(&id)
            {
                lane.keys.push(key.clone());
            }
        }
        id
    }

    /// Makes two lanes one; what waits keeps the order in which it came.
    fn join(&mut self, into: LaneId, from: LaneId) {
        let Some(gone) = self.lanes.remove(&from) else { return };
        let Some(lane) = self.lanes.get_mut(&into) else { return };
        for key in &gone.keys {
            self.of_key.insert(key.clone(), into);
        }
        lane.keys.extend(gone.keys);
        lane.busy += gone.busy;
        lane.waiting.extend(gone.waiting);
        lane.waiting.make_contiguous().sort_by_key(|(arrival, _)| *arrival);
        if gone.busy > 0 {
            self.moved.insert(from, into);
        }
    }

    fn settle(&mut self, id: LaneId) {
        let Some(lane) = self.lanes.get_mut(&id) else { return };
        if lane.busy > 0 {
            return;
        }
        if lane.waiting.is_empty() {
            self.moved.retain(|_, to| *to != id);
            if lane.keys.len() > 1 {
                self.idle.push_back(id);
            } else {
                self.remove(id);
            }
        } else if !lane.is_ready {
            lane.is_ready = true;
            self.ready.push_back(id);
        }
    }

    fn remove(&mut self, id: LaneId) {
        if let Some(lane) = self.lanes.remove(&id) {
            lane.keys.iter().for_each(|key| {
                self.of_key.remove(key);
            });
        }
    }

    fn forget(&mut self) {
        while self.idle.len() > MOST_IDLE {
            let Some(id) = self.idle.pop_front() else { return };
            let idle = self.lanes.get(&id).is_some_and(|lane| lane.busy == 0 && lane.waiting.is_empty());
            if idle && !self.idle.contains(&id) {
                self.remove(id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Lanes;

    fn keys(names: &str) -> Vec<String> {
        names.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn one_at_a_time_for_each_thing_and_in_order() {
        let mut lanes = Lanes::default();
        for (names, work) in [("a", 1), ("a", 2), ("b", 3)] {
            lanes.push(&keys(names), work);
        }
        let (a, first) = lanes.take(|_| true).unwrap_or_else(|| unreachable!("a is ready"));
        assert_eq!(first, 1);
        assert_eq!(lanes.take(|_| true).map(|(_, work)| work), Some(3));
        assert_eq!(lanes.take(|_| true).map(|(_, work)| work), None);
        lanes.release(a);
        assert_eq!(lanes.take(|_| true).map(|(_, work)| work), Some(2));
    }

    #[test]
    fn two_keys_in_one_event_join_their_lanes() {
        let mut lanes = Lanes::default();
        for (names, work) in [("r", 1), ("o", 2), ("r o", 3), ("o", 4)] {
            lanes.push(&keys(names), work);
        }
        let mut order = Vec::new();
        while let Some((lane, work)) = lanes.take(|_| true) {
            assert!(lanes.take(|_| true).is_none(), "only one at a time after {work}");
            order.push(work);
            lanes.release(lane);
        }
        assert_eq!(order, [1, 2, 3, 4]);
        assert!(lanes.is_idle());
        lanes.push(&keys("r"), 5);
        lanes.push(&keys("o"), 6);
        assert!(lanes.take(|_| true).is_some());
        assert!(lanes.take(|_| true).is_none(), "the join is remembered");
    }

    #[test]
    fn lanes_that_are_both_busy_wait_for_both_after_they_join() {
        let mut lanes = Lanes::default();
        lanes.push(&keys("r"), 1);
        lanes.push(&keys("o"), 2);
        let taken: Vec<_> = std::iter::from_fn(|| lanes.take(|_| true)).collect();
        lanes.push(&keys("r o"), 3);
        assert!(lanes.take(|_| true).is_none());
        for (lane, _) in &taken[..1] {
            lanes.release(*lane);
        }
        assert!(lanes.take(|_| true).is_none());
        lanes.release(taken[1].0);
        assert_eq!(lanes.take(|_| true).map(|(_, work)| work), Some(3));
    }

    #[test]
    fn newer_work_replaces_what_waits_and_never_what_runs() {
        let mut lanes = Lanes::default();
        lanes.push(&keys("a"), 1);
        let running = lanes.take(|_| true);
        assert_eq!(lanes.take_waiting(&keys("a"), |_| true), Vec::<i32>::new());
        lanes.push(&keys("a"), 2);
        assert_eq!(lanes.take_waiting(&keys("a"), |waiting| *waiting == 2), [2]);
        lanes.push(&keys("a"), 3);
        if let Some((lane, _)) = running {
            lanes.release(lane);
        }
        assert_eq!(lanes.take(|_| true).map(|(_, work)| work), Some(3));
    }

    #[test]
    fn what_may_not_begin_keeps_its_turn() {
        let mut lanes = Lanes::default();
        for (names, work) in [("a", 1), ("b", 20), ("c", 3), ("d", 4)] {
            lanes.push(&keys(names), work);
        }
        assert_eq!(lanes.take(|work| *work >= 10).map(|(_, work)| work), Some(20));
        assert_eq!(lanes.take(|work| *work >= 10).map(|(_, work)| work), None);
        let rest: Vec<i32> = std::iter::from_fn(|| lanes.take(|_| true)).map(|(_, work)| work).collect();
        assert_eq!(rest, [1, 3, 4]);
    }
}
