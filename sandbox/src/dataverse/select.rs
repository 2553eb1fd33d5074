//! The rows that a list shows: taken from where an index has them, looked at one by one, and put in order only as
//! far as the page reaches.
//!
//! [`Dataverse::source`] gives the rows in the order of the list where one is kept, and then [`Source::choose`] ends
//! with the page; else it sorts.

use super::filter::prepare;
use super::record::RowRecord;
use super::refusal::Refusal;
use super::rows::Dataverse;
use super::shelf::Row;
use super::tables::Table;
use crate::odata::{Case, Expression, Order, matches, sort_first};

/// Rows on their way to a list.
pub(crate) struct Source<'a> {
    rows: Box<dyn Iterator<Item = RowRecord<'a>> + 'a>,
    /// They come as the list wants them. If not, those that are equal to the list's order do.
    in_order: bool,
}

/// The part of a list that is wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'q> {
    /// The order of the list; none is the order of creation.
    pub(crate) orders: &'q [Order],
    /// Rows that were born with this version or before are left out.
    pub(crate) after: u64,
    /// Rows before the part.
    pub(crate) skip: usize,
    /// Most rows of the part.
    pub(crate) most: usize,
    /// Whether the rows of the whole list are to be counted.
    pub(crate) count: bool,
}

/// A part of a list.
pub(crate) struct Chosen<'a> {
    /// Its rows.
    pub(crate) rows: Vec<RowRecord<'a>>,
    /// How many the whole list has, if they were to be counted.
    pub(crate) total: usize,
}

impl Wanted<'_> {
    /// The whole list, oldest first.
    pub(crate) const ALL: Wanted<'static> = Wanted { orders: &[], after: 0, skip: 0, most: usize::MAX, count: false };
}

impl<'a> Source<'a> {
    /// Some rows of a table.
    pub(crate) fn of(mut rows: Vec<RowRecord<'a>>, orders: &[Order]) -> Source<'a> {
        match orders.first() {
            None => rows.sort_unstable_by_key(|record| record.row.born),
            // Two changes within one second keep their order.
            Some(order) if order.descending => rows.sort_unstable_by_key(|record| u64::MAX - record.row.version),
            Some(_) => rows.sort_unstable_by_key(|record| record.row.version),
        }
        Source { rows: Box::new(rows.into_iter()), in_order: orders.is_empty() }
    }

    /// Takes the rows that are wanted out of those that `keep` lets through.
    pub(crate) fn choose(
        self,
        wanted: &Wanted<'_>,
        mut keep: impl FnMut(RowRecord<'a>) -> Result<bool, Refusal>,
    ) -> Result<Chosen<'a>, Refusal> {
        let (mut rows, mut total) = (Vec::new(), 0);
        for record in self.rows {
            if self.in_order && !wanted.count && rows.len() >= wanted.most {
                break;
            }
            record.crm.budget.spend(1);
            let kept = keep(record)?;
            record.crm.budget.check()?;
            if !kept {
                continue;
            }
            total += 1;
            let is_before = record.row.born <= wanted.after || total <= wanted.skip;
            if !self.in_order || (!is_before && rows.len() < wanted.most) {
                rows.push(record);
            }
        }
        if let Some(record) = rows.first().filter(|_| !self.in_order) {
            record.crm.budget.spend(rows.len().saturating_mul(wanted.orders.len()));
            record.crm.budget.check()?;
            sort_first(&mut rows, wanted.orders, Case::Ignored, wanted.skip.saturating_add(wanted.most))?;
            rows.drain(..wanted.skip.min(rows.len()));
        }
        Ok(Chosen { rows, total })
    }
}

impl Dataverse {
    /// The rows of a table among which are all that a filter matches. `after` leaves out those that were born before,
    /// where that is cheaper.
    pub(crate) fn source<'a>(
        &'a self,
        table: &'a Table,
        filter: Option<&Expression>,
        orders: &[Order],
        after: u64,
    ) -> Source<'a> {
        let record = move |row| RowRecord { crm: self, table, row };
        if self.past.lags() {
            return Source::of(self.listed(&table.logical).into_iter().map(record).collect(), orders);
        }
        if let Some(rows) = filter.and_then(|filter| self.candidates(table, filter)) {
            return Source::of(rows.into_iter().map(record).collect(), orders);
        }
        let rows: Box<dyn Iterator<Item = &'a Row> + 'a> = match orders {
            [] => Box::new(self.shelf(&table.logical).into_iter().flat_map(move |shelf| shelf.after(after))),
            [order] => match self.in_order_of(table, order) {
                Some(rows) => rows,
                None => return self.by_version(table, order),
            },
            [order, ..] => return self.by_version(table, order),
        };
        Source { rows: Box::new(rows.map(record)), in_order: true }
    }

    /// All rows, those that are equal to an order that begins with `first` as they belong.
    fn by_version<'a>(&'a self, table: &'a Table, first: &Order) -> Source<'a> {
        let rows = self.shelf(&table.logical).into_iter().flat_map(|shelf| shelf.changed_since(0));
        let rows = rows.map(move |row| RowRecord { crm: self, table, row });
        Source { rows: if first.descending { Box::new(rows.rev()) } else { Box::new(rows) }, in_order: false }
    }
}

/// Whether a row passes a filter that is prepared; without one, all do.
pub(crate) fn passes(record: RowRecord<'_>, filter: Option<&Expression>) -> Result<bool, Refusal> {
    Ok(match filter {
        Some(filter) => matches(filter, &record, Case::Ignored)?,
        None => true,
    })
}

/// Prepares the filter of a query, if it has one.
pub(crate) fn prepared(
    crm: &Dataverse,
    table: &Table,
    filter: Option<&Expression>,
) -> Result<Option<Expression>, Refusal> {
    filter.map(|filter| prepare(crm, table, filter)).transpose()
}
