//! What was due while nobody looked.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

use super::{Rule, Schedule};

/// The shortest time that is looked through; no schedule fires more often than once a second.
const FIRST_LOOK: SignedDuration = SignedDuration::from_secs(1);

impl Schedule {
    /// The firings later than `last`, which is the last that was done, up to `now`, oldest first: at most the newest
    /// `most`. It takes no longer the more there are before these.
    pub fn between(&self, last: Timestamp, now: Timestamp, most: usize) -> Vec<Timestamp> {
        let now = self.end.map_or(now, |end| end.min(now));
        if most == 0 || last >= now {
            return Vec::new();
        }
        let counted = self.counted_from(last);
        let mut look = FIRST_LOOK;
        loop {
            let start = now.checked_sub(look).unwrap_or(Timestamp::MIN).max(last);
            let found = counted.newest(start, now, most);
            // Twice as long a look finds about twice as many: what is thrown away stays little.
            if found.len() >= most || start == last {
                return found.into();
            }
            look = look.saturating_mul(2);
        }
    }

    /// The newest `most` of the firings between two times.
    fn newest(&self, after: Timestamp, until: Timestamp, most: usize) -> VecDeque<Timestamp> {
        let next = |after: &Timestamp| self.next_after(*after).filter(|next| *next <= until);
        let mut newest = VecDeque::new();
        for firing in std::iter::successors(next(&after), next) {
            if newest.len() == most {
                newest.pop_front();
            }
            newest.push_back(firing);
        }
        newest
    }

    /// The same schedule; an interval that counts from the last firing has it as its start.
    fn counted_from(&self, last: Timestamp) -> Schedule {
        let mut counted = self.clone();
        if let Rule::Every(_, from @ None) = &mut counted.rule {
            *from = Some(self.zone.to_datetime(last));
        }
        counted
    }
}
