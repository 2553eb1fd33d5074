//! Capital and small letters of no language in particular: one character becomes one character, as .NET's
//! invariant culture has it, so `ß` stays as it is.

/// In capitals.
pub(in crate::expression::function) fn upper(text: &str) -> String {
    // The invariant culture keeps the dotless i, whose capital would be the plain I.
    text.chars().map(|one| if one == 'ı' { one } else { single(one, one.to_uppercase()) }).collect()
}

/// In small letters.
pub(in crate::expression::function) fn lower(text: &str) -> String {
    // The same of the capital I with a dot.
    text.chars().map(|one| if one == 'İ' { one } else { single(one, one.to_lowercase()) }).collect()
}

/// The one character that another becomes, or itself where it becomes several.
fn single(one: char, mut becomes: impl ExactSizeIterator<Item = char>) -> char {
    match (becomes.len(), becomes.next()) {
        (1, Some(other)) if other.len_utf16() == one.len_utf16() => other,
        _ => one,
    }
}
