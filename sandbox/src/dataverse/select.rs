//! The rows that a list shows: taken from where an index has them, looked at one by one, and put in order only as
//! far as the page reaches.
//!
//! [`Dataverse::source`] gives the rows in the order of the list where one is kept, and then [`Source::choose`] ends
//! with the page; else it sorts.

use super::filter::prepare;
use super::record::RowRecord;
use super::refusal::Refusal;
use super::rows::Dataverse;
use super::tables::Table;
use crate::odata::{Case, Expression, Literal, Order, matches, sort_first, sort_keys};

/// Rows on their way to a list.
pub(crate) struct Source<'a> {
    rows: Box<dyn Iterator<Item = RowRecord<'a>> + 'a>,
    sorted: Sorted,
}

/// How far rows come in the order of the list. Those that are equal to it always do.
#[derive(Debug, Clone, Copy)]
enum Sorted {
    /// They need no more sorting.
    Wholly,
    /// By so many of its orders, from the first.
    ByFirst(usize),
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
        let sorted = if orders.is_empty() { Sorted::Wholly } else { Sorted::ByFirst(0) };
        Source { rows: Box::new(rows.into_iter()), sorted }
    }

    /// Takes the rows that are wanted out of those that `keep` lets through.
    pub(crate) fn choose(
        self,
        wanted: &Wanted<'_>,
        mut keep: impl FnMut(RowRecord<'a>) -> Result<bool, Refusal>,
    ) -> Result<Chosen<'a>, Refusal> {
        let enough = wanted.skip.saturating_add(wanted.most);
        let (mut rows, mut group, mut total) = (Vec::new(), Group::default(), 0);
        for record in self.rows {
            if !wanted.count && rows.len() >= enough {
                break;
            }
            record.crm.budget.spend(1);
            let kept = keep(record)?;
            record.crm.budget.check()?;
            if !kept {
                continue;
            }
            total += 1;
            match self.sorted {
                Sorted::Wholly if record.row.born > wanted.after && rows.len() < enough => rows.push(record),
                Sorted::Wholly => {}
                Sorted::ByFirst(orders) => group.add(record, wanted.orders, orders, enough, &mut rows)?,
            }
        }
        if let Sorted::ByFirst(orders) = self.sorted {
            group.end(wanted.orders.get(orders..).unwrap_or_default(), enough, &mut rows)?;
        }
        rows.drain(..wanted.skip.min(rows.len()));
        Ok(Chosen { rows, total })
    }
}

/// Rows that are equal to the orders by which they come, and are still to be put in order by the others.
#[derive(Default)]
struct Group<'a> {
    values: Vec<Literal>,
    rows: Vec<RowRecord<'a>>,
}

impl<'a> Group<'a> {
    /// Adds a row; one of other values ends the group and begins the next. `sorted` of the orders are those by which
    /// the rows come.
    fn add(
        &mut self,
        record: RowRecord<'a>,
        orders: &[Order],
        sorted: usize,
        enough: usize,
        done: &mut Vec<RowRecord<'a>>,
    ) -> Result<(), Refusal> {
        let (by, rest) = orders.split_at_checked(sorted).unwrap_or_default();
        let values = sort_keys(&record, by, Case::Ignored)?;
        if values != self.values {
            self.end(rest, enough, done)?;
            self.values = values;
        }
        self.rows.push(record);
        Ok(())
    }

    /// Puts the rows in order, as far as they are wanted, and adds them to those that are `done`.
    fn end(&mut self, orders: &[Order], enough: usize, done: &mut Vec<RowRecord<'a>>) -> Result<(), Refusal> {
        let Some(first) = self.rows.first() else { return Ok(()) };
        first.crm.budget.spend(self.rows.len().saturating_mul(orders.len()));
        first.crm.budget.check()?;
        sort_first(&mut self.rows, orders, Case::Ignored, enough.saturating_sub(done.len()))?;
        done.append(&mut self.rows);
        Ok(())
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
        let Some(first) = orders.first() else {
            let rows = self.shelf(&table.logical).into_iter().flat_map(move |shelf| shelf.after(after));
            return Source { rows: Box::new(rows.map(record)), sorted: Sorted::Wholly };
        };
        match self.in_order_of(table, first) {
            Some(rows) => {
                let sorted = if orders.len() == 1 { Sorted::Wholly } else { Sorted::ByFirst(1) };
                Source { rows: Box::new(rows.map(record)), sorted }
            }
            None => {
                let rows = self.shelf(&table.logical).into_iter().flat_map(|shelf| shelf.changed_since(0)).map(record);
                let rows: Box<dyn Iterator<Item = _>> =
                    if first.descending { Box::new(rows.rev()) } else { Box::new(rows) };
                Source { rows, sorted: Sorted::ByFirst(0) }
            }
        }
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
