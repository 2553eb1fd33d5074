//! What the run knows: its trigger, its steps, its variables.

use super::{BodyPart, Call, Function, Group, Kinds, Parameter, Reading};

/// What names a parameter, a variable, a step or a loop.
const NAME: &[Parameter] = &[Parameter::one("name", Kinds::TEXT)];

/// What names a key of a form.
const KEY: &[Parameter] = &[Parameter::one("key", Kinds::TEXT)];

/// What names a part by its place.
const INDEX: &[Parameter] = &[Parameter::one("index", Kinds::INT)];

/// The rows of the table. None of them has examples, because each needs a run.
pub(super) const FUNCTIONS: &[Function] = &[
    row(
        "parameters",
        NAME,
        Kinds::ANY,
        "The value of a parameter of the pack, or of a definition that was imported. The name may be in any case. A \
         name that is not declared is an error.",
        Reading::Parameter,
    ),
    row(
        "variables",
        NAME,
        Kinds::ANY,
        "The value that a variable of the run has now. The name may be in any case. A name that is not declared is an \
         error.",
        Reading::Variable,
    ),
    row(
        "trigger",
        &[],
        Kinds::OBJECT,
        "The record of the trigger: its name, times, status, inputs and outputs.",
        Reading::Trigger,
    ),
    row(
        "triggerOutputs",
        &[],
        Kinds::ANY,
        "What the trigger gave: an object with `headers` and `body`. It is null where the trigger gives nothing, as a \
         schedule does.",
        Reading::TriggerOutputs,
    ),
    row(
        "triggerBody",
        &[],
        Kinds::ANY,
        "The body of what the trigger gave; the same as `triggerOutputs()?['body']`. It is null where there is none.",
        Reading::TriggerBody,
    ),
    row(
        "actions",
        NAME,
        Kinds::OBJECT,
        "The record of a step: its name, times, status, inputs and outputs. The step must have ended before.",
        Reading::Record,
    ),
    row(
        "outputs",
        NAME,
        Kinds::ANY,
        "What a step gave: for a call an object with `statusCode`, `headers` and `body`, for `compose` the value \
         itself. It is null where the step was skipped.",
        Reading::Outputs,
    ),
    row(
        "body",
        NAME,
        Kinds::ANY,
        "The body of what a step gave; the same as `outputs('NAME')?['body']`. It is null where there is none.",
        Reading::Body,
    ),
    row("actionOutputs", NAME, Kinds::ANY, "An old spelling of `outputs`, which does the same.", Reading::Outputs),
    row("actionBody", NAME, Kinds::ANY, "An old spelling of `body`, which does the same.", Reading::Body),
    row(
        "result",
        NAME,
        Kinds::LIST,
        "The records of the steps that stand directly in a scope or a loop, as a list of objects.",
        Reading::Result,
    ),
    row(
        "items",
        NAME,
        Kinds::ANY,
        "The current item of the loop of that name. The step that asks must stand in the loop.",
        Reading::Items,
    ),
    row(
        "item",
        &[],
        Kinds::ANY,
        "The current item of the nearest loop, or of the list that `select`, `filter` or `table` goes through.",
        Reading::Item,
    ),
    row(
        "iterationIndexes",
        NAME,
        Kinds::INT,
        "The number of the pass that the loop of that name is in, counted from 0.",
        Reading::Pass,
    ),
    row(
        "workflow",
        &[],
        Kinds::OBJECT,
        "The flow and its run: an object with `id`, `name`, `type`, `location`, `tags` and `run`.",
        Reading::Workflow,
    ),
    row(
        "listCallbackUrl",
        &[],
        Kinds::TEXT,
        "The address that a service calls back. It has a value only within the subscription of a webhook, and is an \
         error elsewhere.",
        Reading::CallbackUrl,
    ),
    row(
        "appsetting",
        NAME,
        Kinds::TEXT,
        "A setting of the machine. A flow reads none, so it is always an error: declare a parameter instead.",
        Reading::AppSetting,
    ),
    row(
        "triggerFormDataValue",
        KEY,
        Kinds::ANY,
        "The value of a key of the form that the trigger received. It is null where the form has no such key, and an \
         error where it has several values or the body is no form.",
        Reading::TriggerPart(BodyPart::FormValue),
    ),
    row(
        "triggerFormDataMultiValues",
        KEY,
        Kinds::LIST,
        "All values of a key of the form that the trigger received, as a list. It is an error where the body is no \
         form.",
        Reading::TriggerPart(BodyPart::FormValues),
    ),
    row(
        "triggerMultipartBody",
        INDEX,
        Kinds::ANY,
        "The body of a part of what the trigger received, by its place from 0. It is an error where there is no such \
         part.",
        Reading::TriggerPart(BodyPart::Part),
    ),
    row(
        "formDataValue",
        &[Parameter::one("name", Kinds::TEXT), Parameter::one("key", Kinds::TEXT)],
        Kinds::ANY,
        "The value of a key of the form that a step gave. It is null where the form has no such key, and an error \
         where it has several values or the body is no form.",
        Reading::BodyPart(BodyPart::FormValue),
    ),
    row(
        "formDataMultiValues",
        &[Parameter::one("name", Kinds::TEXT), Parameter::one("key", Kinds::TEXT)],
        Kinds::LIST,
        "All values of a key of the form that a step gave, as a list. It is an error where the body is no form.",
        Reading::BodyPart(BodyPart::FormValues),
    ),
    row(
        "multipartBody",
        &[Parameter::one("name", Kinds::TEXT), Parameter::one("index", Kinds::INT)],
        Kinds::ANY,
        "The body of a part of what a step gave, by its place from 0. It is an error where there is no such part.",
        Reading::BodyPart(BodyPart::Part),
    ),
];

/// A row of this group.
const fn row(
    name: &'static str,
    parameters: &'static [Parameter],
    gives: Kinds,
    about: &'static str,
    reading: Reading,
) -> Function {
    Function { name, group: Group::Workflow, parameters, gives, about, examples: &[], call: Call::Read(reading) }
}
