//! Texts and patterns.

/// Most steps for one text and one pattern.
const MOST_STEPS: usize = 10_000_000;

/// Whether a pattern fits, and the steps that it took to see: `%` stands for any run of characters and `_` for one of
/// them. What takes too many steps does not fit.
pub(super) fn like(whole: &str, pattern: &str, open_start: bool, open_end: bool) -> (bool, usize) {
    let whole: Vec<char> = whole.chars().collect();
    let pattern: Vec<char> =
        open_start.then_some('%').into_iter().chain(pattern.chars()).chain(open_end.then_some('%')).collect();
    // Where a `%` was last, and how far its run reaches: on a misfit the run takes one more.
    let (mut at, mut in_pattern, mut retry, mut steps) = (0, 0, None, 0);
    while at < whole.len() {
        steps += 1;
        match pattern.get(in_pattern) {
            Some('%') => {
                retry = Some((in_pattern, at));
                in_pattern += 1;
            }
            Some(wanted) if *wanted == '_' || whole.get(at) == Some(wanted) => {
                at += 1;
                in_pattern += 1;
            }
            _ => {
                let Some((percent, reach)) = retry.filter(|_| steps < MOST_STEPS) else { return (false, steps) };
                retry = Some((percent, reach + 1));
                at = reach + 1;
                in_pattern = percent + 1;
            }
        }
    }
    (pattern.iter().skip(in_pattern).all(|rest| *rest == '%'), steps)
}
