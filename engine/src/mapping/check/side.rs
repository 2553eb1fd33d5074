//! What is said of one side of a field: where its value stands, and when it is written.

use crate::document::mapping::{
    ByDocument, LookupDocument, MissingDocument, Occasion, SideDocument, TowardsDocument, TowardsWord,
};
use crate::expression::ExpressionError;
use crate::mapping::Towards;
use crate::mapping::end::{End, Missing, Reference};
use crate::mapping::path::FieldPath;

/// When a field is written towards a side.
pub(super) fn towards_of(document: TowardsDocument) -> Towards {
    let on = |occasions: &[Occasion]| Towards {
        create: occasions.contains(&Occasion::Create),
        update: occasions.contains(&Occasion::Update),
        unless_zero: false,
    };
    match document {
        TowardsDocument::Word(TowardsWord::Never) => Towards::NEVER,
        TowardsDocument::Word(TowardsWord::Create) => on(&[Occasion::Create]),
        TowardsDocument::Word(TowardsWord::Update) => on(&[Occasion::Update]),
        TowardsDocument::Occasions(occasions) => on(&occasions),
        TowardsDocument::Detailed(details) => Towards {
            unless_zero: details.unless.is_some(),
            ..details.on.map_or(Towards::ALWAYS, |occasions| on(&occasions))
        },
    }
}

/// Where a field's value stands on a side.
pub(super) fn end_of(document: SideDocument) -> Result<End, ExpressionError> {
    let paths = |texts: &[String]| texts.iter().map(|text| FieldPath::parse(text)).collect::<Result<Vec<_>, _>>();
    let some = |texts: &[String]| match texts {
        [] => Err(ExpressionError::new("a list of columns has at least one")),
        texts => paths(texts),
    };
    match document {
        SideDocument::Path(text) => Ok(End::Columns(paths(&[text])?)),
        SideDocument::Paths(texts) => Ok(End::Columns(some(&texts)?)),
        SideDocument::First(first) => Ok(End::First(some(&first.first)?)),
        SideDocument::Lookup(lookup) => reference_of(lookup).map(End::Lookup),
    }
}

fn reference_of(document: LookupDocument) -> Result<Reference, ExpressionError> {
    let by = match document.by {
        ByDocument::Column(column) => vec![column],
        ByDocument::Columns(columns) => columns,
    };
    let missing = match document.missing {
        None | Some(MissingDocument::Error) => Missing::Error,
        Some(MissingDocument::Create) => Missing::Create,
        Some(MissingDocument::Leave) => Missing::Leave,
    };
    let whole = document.map.is_some();
    if by.is_empty() || (by.len() > 1 && !whole) {
        return Err(ExpressionError::new("a lookup without `map` goes by one column")
            .help("name one column in `by`, or say with `map` how the other record is mapped"));
    }
    if missing == Missing::Create && !whole {
        return Err(ExpressionError::new("a lookup that makes what is missing needs `map`")
            .help("say with `map` how the other record is mapped"));
    }
    Ok(Reference { column: FieldPath::parse(&document.lookup)?, by, missing, whole })
}
