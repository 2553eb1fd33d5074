//! The tables of the platform itself: solutions and their publishers, views, and what webhooks are registered with.

use super::standard::{Columns, Lookups, NAMED, table};
use super::tables::{ACTIVE_OR_NOT, States, Table};
use crate::options::ColumnKind::{Choice, Instant, Integer, LongText, Text, YesNo};

/// The tables, their columns and lookups.
pub(crate) fn tables() -> Vec<Table> {
    vec![
        table(("publisher", "publishers", "publisherid", "friendlyname"), ACTIVE_OR_NOT, &[NAMES, PUBLISHER], &[]),
        table(
            ("solution", "solutions", "solutionid", "friendlyname"),
            ACTIVE_OR_NOT,
            &[NAMES, SOLUTION],
            SOLUTION_LOOKUPS,
        ),
        table(
            ("serviceendpoint", "serviceendpoints", "serviceendpointid", "name"),
            ACTIVE_OR_NOT,
            &[NAMED, ENDPOINT],
            &[],
        ),
        table(("sdkmessage", "sdkmessages", "sdkmessageid", "name"), ACTIVE_OR_NOT, &[NAMED], &[]),
        table(
            ("sdkmessagefilter", "sdkmessagefilters", "sdkmessagefilterid", "name"),
            ACTIVE_OR_NOT,
            &[NAMED, FILTER],
            FILTER_LOOKUPS,
        ),
        table(
            ("sdkmessageprocessingstep", "sdkmessageprocessingsteps", "sdkmessageprocessingstepid", "name"),
            ACTIVE_OR_NOT,
            &[NAMED, STEP],
            STEP_LOOKUPS,
        ),
        table(("savedquery", "savedqueries", "savedqueryid", "name"), ACTIVE_OR_NOT, &[NAMED, VIEW], &[]),
        table(("userquery", "userqueries", "userqueryid", "name"), ACTIVE_OR_NOT, &[NAMED, VIEW], &[]),
        table(("asyncoperation", "asyncoperations", "asyncoperationid", "name"), JOB_STATES, &[NAMED, JOB], &[]),
    ]
}

/// Ready, suspended, locked, completed; the last with succeeded, failed and canceled.
const JOB_STATES: States = &[(3, &[30, 31, 32]), (0, &[0]), (1, &[10]), (2, &[20, 21, 22])];

const NAMES: Columns = &[("friendlyname", Text, 256), ("uniquename", Text, 256), ("description", LongText, 2000)];

const PUBLISHER: Columns = &[("customizationprefix", Text, 8), ("customizationoptionvalueprefix", Integer, 0)];

const SOLUTION: Columns = &[("version", Text, 256), ("ismanaged", YesNo, 0)];

const SOLUTION_LOOKUPS: Lookups = &[("publisherid", "publisherid", "publisher", "publisher_solution")];

const ENDPOINT: Columns = &[
    ("url", Text, 500),
    ("contract", Choice, 0),
    ("authtype", Choice, 0),
    ("authvalue", Text, 2000),
    ("messageformat", Choice, 0),
    ("connectionmode", Choice, 0),
];

const FILTER: Columns = &[("primaryobjecttypecode", Text, 64), ("secondaryobjecttypecode", Text, 64)];

const FILTER_LOOKUPS: Lookups = &[("sdkmessageid", "sdkmessageid", "sdkmessage", "sdkmessageid_sdkmessagefilter")];

const STEP: Columns = &[
    ("stage", Choice, 0),
    ("mode", Choice, 0),
    ("rank", Integer, 0),
    ("supporteddeployment", Choice, 0),
    ("invocationsource", Choice, 0),
    ("filteringattributes", Text, 4000),
    ("configuration", LongText, 0),
    ("asyncautodelete", YesNo, 0),
];

const STEP_LOOKUPS: Lookups = &[
    ("eventhandler", "eventhandler_serviceendpoint", "serviceendpoint", "serviceendpoint_sdkmessageprocessingstep"),
    ("sdkmessageid", "sdkmessageid", "sdkmessage", "sdkmessageid_sdkmessageprocessingstep"),
    ("sdkmessagefilterid", "sdkmessagefilterid", "sdkmessagefilter", "sdkmessagefilterid_sdkmessageprocessingstep"),
];

const VIEW: Columns = &[
    ("returnedtypecode", Text, 64),
    ("querytype", Integer, 0),
    ("isdefault", YesNo, 0),
    ("description", LongText, 0),
    ("fetchxml", LongText, 0),
    ("layoutxml", LongText, 0),
];

const JOB: Columns = &[("message", LongText, 0), ("friendlymessage", LongText, 0), ("completedon", Instant, 0)];
