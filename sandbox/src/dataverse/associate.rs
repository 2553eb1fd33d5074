//! Rows tied to each other and parted by `$ref`.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Map;

use super::call::Asker;
use super::draft::Draft;
use super::metadata::Side;
use super::record::Collection;
use super::refusal::Refusal;
use super::rows::Dataverse;
use super::shelf::{Link, Row};
use super::tables::{Table, id_of};

impl Dataverse {
    /// Adds a row to a collection of another.
    pub(crate) fn associate(
        &mut self,
        table: &Table,
        id: &str,
        collection: &str,
        other: &Link,
        asker: &Asker,
    ) -> Result<(), Refusal> {
        let here = Link { table: table.logical.clone(), id: id.to_owned() };
        match self.collection(table, collection).ok_or_else(|| Refusal::no_segment(collection))? {
            Collection::Children(child, lookup) => {
                check_table(collection, &child.logical, other)?;
                let column = lookup.column.clone();
                self.point(other, &column, Some(here), asker)
            }
            Collection::Pairs(target, side) => {
                check_table(collection, &target.logical, other)?;
                let row = pair(&side, &here, other);
                let pairs = side.pairs.to_owned();
                if self.row(&pairs, &row.id).is_some() {
                    return Err(Refusal::duplicate_key());
                }
                self.put(&pairs, row);
                Ok(())
            }
        }
    }

    /// Takes a row out of a collection of another.
    pub(crate) fn disassociate(
        &mut self,
        table: &Table,
        id: &str,
        collection: &str,
        other: &str,
        asker: &Asker,
    ) -> Result<(), Refusal> {
        let here = Link { table: table.logical.clone(), id: id.to_owned() };
        match self.collection(table, collection).ok_or_else(|| Refusal::no_segment(collection))? {
            Collection::Children(child, lookup) => {
                let (child, column) = (child.logical.clone(), lookup.column.clone());
                let row = self.row(&child, other).filter(|row| row.links.get(&column) == Some(&here));
                let link = row.map(|row| Link { table: child.clone(), id: row.id.clone() });
                let link = link.ok_or_else(|| Refusal::no_row(&child, other))?;
                self.point(&link, &column, None, asker)
            }
            Collection::Pairs(target, side) => {
                let other = Link { table: target.logical.clone(), id: other.to_owned() };
                let pair = pair(&side, &here, &other);
                let pairs = side.pairs.to_owned();
                if self.row(&pairs, &pair.id).is_none() {
                    return Err(Refusal::no_row(&pairs, &other.id));
                }
                self.remove(&pairs, &pair.id);
                Ok(())
            }
        }
    }

    /// Sets or empties a lookup alone.
    pub(crate) fn point(&mut self, from: &Link, column: &str, to: Option<Link>, asker: &Asker) -> Result<(), Refusal> {
        let table = Arc::clone(self.table(&from.table)?);
        let row = self.row(&from.table, &from.id).cloned().ok_or_else(|| Refusal::no_row(&from.table, &from.id))?;
        let links = IndexMap::from([(column.to_owned(), to)]);
        let draft = Draft { table: from.table.clone(), id: from.id.clone(), links, ..Draft::default() };
        self.change(&table, row, draft, asker).map(drop)
    }
}

fn check_table(collection: &str, wanted: &str, link: &Link) -> Result<(), Refusal> {
    if link.table == wanted {
        return Ok(());
    }
    Err(Refusal::payload(format!("'{collection}' takes a row of {wanted}, not of {}.", link.table)))
}

/// The row that says that two are a pair; the same whichever side it is seen from.
fn pair(side: &Side<'_>, here: &Link, there: &Link) -> Row {
    let (one, two) = if side.here < side.there { (here, there) } else { (there, here) };
    let id = id_of(&[side.pairs, &one.id, &two.id]).to_string();
    let links = IndexMap::from([(side.here.to_owned(), here.clone()), (side.there.to_owned(), there.clone())]);
    Row { id, values: Map::new(), links, version: 0, born: 0 }
}
