//! Which event may have its run now: one at a time for each thing, in order, different things side by side.
//!
//! A thing has one or more keys (`deal/…`); an event that names two keys joins them for good, so the lane of
//! a referral and the lane of its opportunity are one from then on. A lane whose turn it is may still have to wait
//! for a place of its flow, and keeps its turn meanwhile; lanes take turns, whatever waits in each. Pure: nothing
//! here waits, and nothing takes longer the more waits elsewhere.

mod lane;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};

use lane::{Lane, Standing};

/// Idle things of several keys that are remembered as joined; beyond it the oldest are forgotten.
const MOST_IDLE: usize = 50_000;
/// Keys of an idle thing: one that has more is forgotten at once.
const MOST_KEYS: usize = 1_000;

/// Work that waits in a lane.
pub trait Work {
    /// The flow that it is for.
    fn flow(&self) -> &str;

    /// The names of what it is about. Without one it has a lane of its own.
    fn keys(&self) -> &[String];

    /// Whether newer work of the same flow and keys may stand for it.
    fn is_replaceable(&self) -> bool;
}

/// Waiting work, by the things that it is about.
#[derive(Debug)]
pub struct Lanes<T> {
    of_key: HashMap<String, LaneId>,
    lanes: HashMap<LaneId, Lane<T>>,
    /// Where lanes went that had work under way when they were joined to others.
    joined: HashMap<LaneId, LaneId>,
    /// Lanes whose turn it is, by ticket.
    ready: BTreeMap<u64, LaneId>,
    /// Lanes whose turn it is, and whose flow has no place.
    blocked: HashMap<String, BTreeMap<u64, LaneId>>,
    /// Lanes without work that are remembered.
    idle: BTreeMap<u64, LaneId>,
    /// How much work of each flow is under way.
    under_way: HashMap<String, usize>,
    /// Work in all lanes that waits, and that is under way.
    waiting: usize,
    busy: usize,
    next: u64,
}

/// The number of a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LaneId(u64);

impl<T> Default for Lanes<T> {
    fn default() -> Lanes<T> {
        Lanes {
            of_key: HashMap::new(),
            lanes: HashMap::new(),
            joined: HashMap::new(),
            ready: BTreeMap::new(),
            blocked: HashMap::new(),
            idle: BTreeMap::new(),
            under_way: HashMap::new(),
            waiting: 0,
            busy: 0,
            next: 0,
        }
    }
}

impl<T: Work> Lanes<T> {
    /// Puts work in the lane of its keys, which it joins where there are several.
    pub fn push(&mut self, work: T) {
        let id = self.lane_of(work.keys());
        let arrival = self.ticket();
        if let Some(lane) = self.lanes.get_mut(&id) {
            lane.push(arrival, work);
            self.waiting += 1;
        }
        self.place(id);
    }

    /// Puts work in its lane like [`Lanes::push`]. Where other work of the same flow and keys waits that may be replaced,
    /// `merge` makes one of the new and the old, and the lane keeps its turn: else a thing that changes all the time
    /// would never have it.
    pub fn push_merging(&mut self, work: T, merge: impl FnOnce(T, T) -> T) {
        let key = work.keys().first().filter(|_| work.is_replaceable());
        let id = key.and_then(|key| self.of_key.get(key)).copied();
        let lane = id.and_then(|id| self.lanes.get_mut(&id));
        match lane.and_then(|lane| lane.take_replaceable(work.flow(), work.keys())) {
            Some(old) => {
                self.waiting -= 1;
                self.push(merge(work, old));
            }
            None => self.push(work),
        }
    }

    /// The next work whose turn it is, with the lane to release when it is done. `most` says how much work of a flow
    /// may be under way, where that is limited.
    pub fn take(&mut self, most: impl Fn(&str) -> Option<usize>) -> Option<(LaneId, T)> {
        let id = self.next_lane(most)?;
        let lane = self.lanes.get_mut(&id)?;
        lane.standing = Standing::Busy;
        let work = lane.pop_first()?;
        self.waiting -= 1;
        self.hold(id, work.flow());
        Some((id, work))
    }

    /// Takes the first work that is wanted out of its lane, whether or not it is its turn, with its arrival. This looks at
    /// all work that waits, so it is for what people ask for.
    pub fn take_out(&mut self, wanted: impl Fn(&T) -> bool) -> Option<(u64, T)> {
        let (id, arrival) = self.lanes.iter().find_map(|(id, lane)| Some((*id, lane.find(&wanted)?)))?;
        let work = self.lanes.get_mut(&id)?.remove(arrival)?;
        self.waiting -= 1;
        self.place(id);
        Some((arrival, work))
    }

    /// Puts work that was taken out where it stood before.
    pub fn put_back(&mut self, arrival: u64, work: T) {
        let id = self.lane_of(work.keys());
        if let Some(lane) = self.lanes.get_mut(&id) {
            lane.push(arrival, work);
            self.waiting += 1;
        }
        self.place(id);
    }

    /// The lane with the lowest ticket among those whose turn it is and whose flow has a place. Those without a place
    /// are put aside, each once, so that they are not looked at again and again.
    fn next_lane(&mut self, most: impl Fn(&str) -> Option<usize>) -> Option<LaneId> {
        loop {
            let under_way = &self.under_way;
            let count = |flow: &str| under_way.get(flow).copied().unwrap_or_default();
            let has_place = |flow: &str| most(flow).is_none_or(|most| count(flow) < most);
            let freed = self.blocked.iter().filter(|(flow, _)| has_place(flow));
            let freed = freed.filter_map(|(flow, lanes)| Some((*lanes.first_key_value()?.0, flow))).min();
            let ready = self.ready.first_key_value().map(|(ticket, id)| (*ticket, *id));
            if let Some((ticket, flow)) = freed
                && ready.is_none_or(|(ready, _)| ticket < ready)
            {
                let id = *self.blocked.get(flow)?.get(&ticket)?;
                self.withdraw(id);
                return Some(id);
            }
            let (ticket, id) = ready?;
            let flow = self.lanes.get(&id)?.first()?.flow();
            if has_place(flow) {
                self.withdraw(id);
                return Some(id);
            }
            let flow = flow.to_owned();
            self.withdraw(id);
            self.blocked.entry(flow.clone()).or_default().insert(ticket, id);
            self.lanes.get_mut(&id)?.standing = Standing::Blocked(ticket, flow);
        }
    }

    /// Holds the lane of these keys for work that is under way already; it is released like any other.
    pub fn take_up(&mut self, keys: &[String], flow: &str) -> LaneId {
        let id = self.lane_of(keys);
        self.hold(id, flow);
        self.place(id);
        id
    }

    /// Says that the work taken from a lane is done.
    pub fn release(&mut self, id: LaneId, flow: &str) {
        let id = self.joined.get(&id).copied().unwrap_or(id);
        if let Some(lane) = self.lanes.get_mut(&id) {
            lane.busy = lane.busy.saturating_sub(1);
            self.busy = self.busy.saturating_sub(1);
        }
        self.place(id);
        self.give_place(flow);
        self.forget();
    }

    /// Whether nothing waits and nothing is under way.
    pub fn is_idle(&self) -> bool {
        self.busy == 0 && self.waiting == 0
    }

    fn hold(&mut self, id: LaneId, flow: &str) {
        if let Some(lane) = self.lanes.get_mut(&id) {
            lane.busy += 1;
            self.busy += 1;
        }
        match self.under_way.get_mut(flow) {
            Some(count) => *count += 1,
            None => {
                self.under_way.insert(flow.to_owned(), 1);
            }
        }
    }

    fn give_place(&mut self, flow: &str) {
        if let Some(count) = self.under_way.get_mut(flow) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.under_way.remove(flow);
            }
        }
    }

    fn ticket(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Brings a lane where it belongs after it has changed. One that waits for its turn, or for a place of the flow
    /// that is still the next, keeps it.
    fn place(&mut self, id: LaneId) {
        let Some(lane) = self.lanes.get(&id) else { return };
        let next = lane.first().map(Work::flow);
        match (&lane.standing, next) {
            (Standing::Ready(_), Some(_)) if lane.busy == 0 => return,
            (Standing::Blocked(_, flow), Some(next)) if lane.busy == 0 && flow == next => return,
            _ => {}
        }
        let (has_work, is_busy, keys) = (next.is_some(), lane.busy > 0, lane.keys.len());
        self.withdraw(id);
        let ticket = self.ticket();
        let standing = if is_busy {
            Standing::Busy
        } else if has_work {
            self.ready.insert(ticket, id);
            Standing::Ready(ticket)
        } else if (2..=MOST_KEYS).contains(&keys) {
            self.idle.insert(ticket, id);
            Standing::Idle(ticket)
        } else {
            return self.remove(id);
        };
        if let Some(lane) = self.lanes.get_mut(&id) {
            lane.standing = standing;
            if !is_busy {
                lane.aliases.drain(..).for_each(|alias| {
                    self.joined.remove(&alias);
                });
            }
        }
    }

    /// Takes a lane from where it stands.
    fn withdraw(&mut self, id: LaneId) {
        let Some(lane) = self.lanes.get_mut(&id) else { return };
        match std::mem::replace(&mut lane.standing, Standing::Busy) {
            Standing::Busy => {}
            Standing::Ready(ticket) => {
                self.ready.remove(&ticket);
            }
            Standing::Idle(ticket) => {
                self.idle.remove(&ticket);
            }
            Standing::Blocked(ticket, flow) => {
                if let Some(blocked) = self.blocked.get_mut(&flow) {
                    blocked.remove(&ticket);
                    if blocked.is_empty() {
                        self.blocked.remove(&flow);
                    }
                }
            }
        }
    }

    fn lane_of(&mut self, keys: &[String]) -> LaneId {
        let mut id: Option<LaneId> = None;
        for key in keys {
            // A key before may have moved the lane of this one, so it is looked up only now.
            id = match (id, self.of_key.get(key).copied()) {
                (Some(one), Some(other)) if one != other => Some(self.join(one, other)),
                (one, other) => one.or(other),
            };
        }
        let id = id.unwrap_or_else(|| {
            let id = LaneId(self.ticket());
            self.lanes.insert(id, Lane::default());
            id
        });
        for key in keys {
            if !self.of_key.contains_key(key)
                && let Some(lane) = self.lanes.get_mut(&id)
            {
                self.of_key.insert(key.clone(), id);
                lane.keys.push(key.clone());
            }
        }
        id
    }

    /// Makes two lanes one, the smaller a part of the greater; what waits keeps the order in which it came. Whoever joins
    /// them has something for the lane and places it afterwards: without that it may be one that is forgotten.
    fn join(&mut self, one: LaneId, other: LaneId) -> LaneId {
        let size = |id| self.lanes.get(&id).map_or(0, Lane::size);
        let (into, from) = if size(one) < size(other) { (other, one) } else { (one, other) };
        self.withdraw(from);
        let Some(gone) = self.lanes.remove(&from) else { return into };
        let Some(lane) = self.lanes.get_mut(&into) else { return into };
        for key in &gone.keys {
            self.of_key.insert(key.clone(), into);
        }
        for alias in gone.aliases.iter().copied().chain((gone.busy > 0).then_some(from)) {
            self.joined.insert(alias, into);
            lane.aliases.push(alias);
        }
        lane.absorb(gone);
        into
    }

    fn remove(&mut self, id: LaneId) {
        let Some(lane) = self.lanes.remove(&id) else { return };
        lane.keys.iter().for_each(|key| {
            self.of_key.remove(key);
        });
        lane.aliases.iter().for_each(|alias| {
            self.joined.remove(alias);
        });
    }

    fn forget(&mut self) {
        while self.idle.len() > MOST_IDLE {
            let Some((_, id)) = self.idle.pop_first() else { return };
            self.remove(id);
        }
    }
}
