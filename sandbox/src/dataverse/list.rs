//! Lists of rows in pages (behaviours 7, 8).

use serde_json::{Map, Value, json};

use super::apply::applied;
use super::call::Call;
use super::page::{Cookie, Start};
use super::read::{Reader, check};
use super::refusal::Refusal;
use super::rows::Dataverse;
use super::select::{Chosen, Source, Wanted, passes, prepared};
use super::shelf::Shelf;
use super::sql;
use super::tables::Table;
use crate::odata::{Expression, Query, decoded_pairs};

/// Most rows on a page, and the highest count.
pub(crate) const MOST: usize = 5_000;

impl Call {
    /// The query of a request, checked against the table it is for.
    pub(crate) fn query(&self, crm: &Dataverse, table: &Table) -> Result<Query, Refusal> {
        let pairs = decoded_pairs(&self.raw).unwrap_or_default();
        let query = match pairs.iter().find(|(name, _)| name == "sql") {
            Some((_, statement)) => sql::query(table, statement)?,
            None => self.options()?,
        };
        check(table, crm, &query)?;
        Ok(query)
    }

    /// The query of a request; `$skip` is one of the options that Dataverse refuses.
    pub(crate) fn options(&self) -> Result<Query, Refusal> {
        let pairs = decoded_pairs(&self.raw).ok_or_else(|| Refusal::query("The query string cannot be read."))?;
        let query = Query::parse(&pairs)?;
        match query.skip {
            Some(_) => Err(Refusal::query("The query parameter $skip is not supported.")),
            None => Ok(query),
        }
    }

    /// How rows are shown to whoever asks.
    pub(crate) fn reader(&self) -> Reader<'_> {
        Reader { annotations: &self.wants.annotations, base: &self.base, page: self.page() }
    }

    /// Rows on a page.
    pub(crate) fn page(&self) -> usize {
        self.wants.page.unwrap_or(MOST).min(MOST)
    }

    /// A page of a table.
    pub(crate) fn list(&self, crm: &Dataverse, table: &Table) -> Result<Value, Refusal> {
        let query = self.query(crm, table)?;
        let filter = prepared(crm, table, query.filter.as_ref())?;
        if let Some(apply) = &query.apply {
            return applied(self, crm, table, apply, filter.as_ref());
        }
        let cookie = query.skip_token.as_deref().map(Cookie::read).transpose()?.unwrap_or_default();
        // A table knows how many rows it has, unless its lists lag behind.
        let known = (filter.is_none() && !crm.past.lags()).then(|| crm.shelf(&table.logical).map_or(0, Shelf::len));
        let after = match cookie.start {
            Start::After(born) if known.is_some() || !query.count => born,
            _ => 0,
        };
        let source = crm.source(table, filter.as_ref(), &query.orders, after);
        self.list_of(table, source, &query, filter.as_ref(), known)
    }

    /// A page of the rows of a source, all of which are of `table`. `known` is how many there are without the
    /// paging, where that is known.
    pub(crate) fn list_of(
        &self,
        table: &Table,
        source: Source<'_>,
        query: &Query,
        filter: Option<&Expression>,
        known: Option<usize>,
    ) -> Result<Value, Refusal> {
        let cookie = query.skip_token.as_deref().map(Cookie::read).transpose()?.unwrap_or_default();
        // `$top` gives way to a page size.
        let top = if self.wants.page.is_some() { usize::MAX } else { query.top.unwrap_or(usize::MAX) };
        let size = self.page().min(top);
        let (skip, after) = match cookie.start {
            Start::At(offset) => (offset, 0),
            Start::After(born) if query.orders.is_empty() => (0, born),
            Start::After(_) => (0, 0),
        };
        // One row more than the page holds tells that there is another page.
        let count = query.count && known.is_none();
        let wanted = Wanted { orders: &query.orders, after, skip, most: size.saturating_add(1), count };
        let Chosen { rows, total } = source.choose(&wanted, |record| passes(record, filter))?;
        let shown = rows.get(..size).unwrap_or(&rows);
        let more = top > size && rows.len() > size;
        let total = known.unwrap_or(total);
        let mut answer = Map::new();
        answer.insert("@odata.context".to_owned(), json!(self.context(table, query)));
        if query.count {
            answer.insert("@odata.count".to_owned(), json!(total.min(MOST)));
        }
        self.annotate_count(query, total, &mut answer);
        let view = self.reader().view(table, query);
        let page = shown.iter().map(|record| view.show(*record)).collect::<Result<Vec<_>, _>>()?;
        answer.insert("value".to_owned(), page.into());
        if let Some(last) = shown.last().filter(|_| more) {
            let start = match query.orders.is_empty() {
                true => Start::After(last.row.born),
                false => Start::At(skip.saturating_add(shown.len())),
            };
            let next = Cookie { start, page: cookie.page + 1, since: None, until: None };
            answer.insert("@odata.nextLink".to_owned(), json!(next.link(&self.url, &self.raw)));
        }
        Ok(answer.into())
    }

    /// How many rows of a table a query leaves, capped.
    pub(crate) fn count(&self, crm: &Dataverse, table: &Table) -> Result<usize, Refusal> {
        let query = self.query(crm, table)?;
        if let Some(token) = &query.delta_token {
            return crm.count_changes(table, token);
        }
        let filter = prepared(crm, table, query.filter.as_ref())?;
        if filter.is_none() && !crm.past.lags() {
            return Ok(crm.shelf(&table.logical).map_or(0, Shelf::len).min(MOST));
        }
        let wanted = Wanted { most: 0, count: true, ..Wanted::ALL };
        let source = crm.source(table, filter.as_ref(), &[], 0);
        Ok(source.choose(&wanted, |record| passes(record, filter.as_ref()))?.total.min(MOST))
    }

    /// `…$metadata#opportunities(name)`
    pub(crate) fn context(&self, table: &Table, query: &Query) -> String {
        let columns = if query.select.is_empty() { String::new() } else { format!("({})", query.select.join(",")) };
        format!("{}$metadata#{}{columns}", self.base, table.set)
    }

    fn annotate_count(&self, query: &Query, total: usize, answer: &mut Map<String, Value>) {
        let known = query.count.then(|| total.min(MOST));
        let values = [
            ("totalrecordcount", known.map_or(json!(-1), |count| json!(count))),
            ("totalrecordcountlimitexceeded", json!(query.count && total > MOST)),
        ];
        for (name, value) in values {
            let name = format!("Microsoft.Dynamics.CRM.{name}");
            if self.wants.annotations.want(&name) {
                answer.insert(format!("@{name}"), value);
            }
        }
    }
}
