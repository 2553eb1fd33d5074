//! Text in UTF-16 code units, which the services count by. A pair that is cut becomes U+FFFD.

/// How many units a text has.
pub(in crate::expression::function) fn length(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.encode_utf16().count() }
}

/// The units from a place on, so many of them or as many as there are.
pub(in crate::expression::function) fn part(text: &str, start: usize, count: usize) -> String {
    if text.is_ascii() {
        let end = start.saturating_add(count).min(text.len());
        return text.get(start..end).unwrap_or_default().to_owned();
    }
    char::decode_utf16(text.encode_utf16().skip(start).take(count))
        .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

/// The text in parts of so many units; the last one may be shorter.
pub(in crate::expression::function) fn parts(text: &str, size: usize) -> impl Iterator<Item = String> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let count = units.len().div_ceil(size.max(1));
    (0..count).map(move |number| {
        let start = number * size;
        let end = start.saturating_add(size).min(units.len());
        String::from_utf16_lossy(units.get(start..end).unwrap_or_default())
    })
}
