//! How often a call is tried again, and how long to wait before each try.

use std::time::Duration;

/// A policy. The defaults are ours; the rule of the waits is that of Power Automate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// How often a call is tried again.
    pub count: u32,
    /// How long to wait.
    pub waits: Waits,
    /// What becomes of a call that may not be made twice, where nobody knows whether it was made.
    pub unknown: Unknown,
}

/// What becomes of a call that may not be made twice, where nobody knows whether it was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Unknown {
    /// It fails, for a person to look.
    #[default]
    Fail,
    /// It is made again.
    Repeat,
}

/// How waits follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waits {
    /// Always the same.
    Fixed(Duration),
    /// By chance: before retry n from 2^(n-2) to 2^(n-1) times the scale, the first from 0, all within the bounds.
    Exponential {
        /// The scale.
        scale: Duration,
        /// The shortest wait.
        minimum: Duration,
        /// The longest wait.
        maximum: Duration,
    },
}

impl Retry {
    /// No second try.
    pub const NONE: Retry = Retry { count: 0, waits: Waits::Fixed(Duration::ZERO), unknown: Unknown::Fail };

    /// What counts where a step says nothing: short waits, since somebody may wait for the event's effect.
    pub const DEFAULT: Retry = Retry {
        count: 4,
        waits: Waits::Exponential {
            scale: Duration::from_secs(1),
            minimum: Duration::ZERO,
            maximum: Duration::from_secs(3600),
        },
        unknown: Unknown::Fail,
    };

    /// The wait before retry `n`, from 1; `chance` is at least 0 and below 1. A longer wait that the service asks
    /// for is the caller's to respect.
    pub fn wait(&self, n: u32, chance: f64) -> Duration {
        match self.waits {
            Waits::Fixed(interval) => interval,
            Waits::Exponential { scale, minimum, maximum } => {
                let (shortest, longest) = range(n, scale, minimum, maximum);
                shortest + longest.saturating_sub(shortest).mul_f64(chance.clamp(0.0, 1.0))
            }
        }
    }
}

/// The range of a wait. Where the bounds cross, the shortest counts.
fn range(n: u32, scale: Duration, minimum: Duration, maximum: Duration) -> (Duration, Duration) {
    let times = |power: u32| scale.saturating_mul(1_u32.checked_shl(power).unwrap_or(u32::MAX));
    let from = n.checked_sub(2).map_or(Duration::ZERO, times).clamp(minimum, maximum.max(minimum));
    let to = times(n.saturating_sub(1)).min(maximum).max(from);
    (from, to)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Retry, Unknown, Waits, range};

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn exponential_waits_are_those_of_power_automate() {
        // n, scale, minimum, maximum → from, to; all in seconds.
        let cases = [
            (1, 7, 0, 3600, 0, 7),
            (2, 7, 0, 3600, 7, 14),
            (3, 7, 0, 3600, 14, 28),
            (4, 7, 0, 3600, 28, 56),
            (1, 7, 5, 45, 5, 7),
            (2, 7, 5, 45, 7, 14),
            (4, 7, 5, 45, 28, 45),
            (5, 7, 5, 45, 45, 45),
            (1, 2, 5, 45, 5, 5),
            (90, 86_400, 0, 86_400, 86_400, 86_400),
        ];
        for (n, scale, minimum, maximum, from, to) in cases {
            let actual = range(n, seconds(scale), seconds(minimum), seconds(maximum));
            assert_eq!(actual, (seconds(from), seconds(to)), "retry {n} of {scale}");
        }
    }

    #[test]
    fn a_wait_is_within_its_range() {
        let waits = Waits::Exponential { scale: seconds(10), minimum: seconds(0), maximum: seconds(30) };
        let retry = Retry { count: 4, waits, unknown: Unknown::Fail };
        let cases = [(1, 0.0, 0.0), (1, 0.5, 5.0), (2, 0.5, 15.0), (3, 0.5, 25.0), (4, 0.9, 30.0)];
        for (n, chance, expected) in cases {
            assert_eq!(retry.wait(n, chance), Duration::from_secs_f64(expected), "retry {n}");
        }
        assert_eq!(Retry { waits: Waits::Fixed(seconds(20)), ..retry }.wait(9, 0.7), seconds(20));
    }
}
