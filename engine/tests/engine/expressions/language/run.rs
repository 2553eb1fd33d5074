//! Functions that read the run, and functions that do not work out every value.

use super::{Case, check};

#[test]
fn functions_of_the_run_read_its_roots() {
    RUN.iter().for_each(check);
}

#[test]
fn what_needs_no_value_is_not_worked_out() {
    LAZY.iter().for_each(check);
}

const RUN: &[Case] = &[
    ("@parameters('ONE')", Ok("1")),
    (
        "@parameters('tow')",
        Err("`parameters('tow')`: there is no parameter `tow` (did you mean `Two`?) at `parameters('tow')`"),
    ),
    (
        "@parameters(triggerBody()['key'])",
        Err("`parameters(triggerBody()['key'])`: there is no parameter `list` at `parameters(triggerBody()['key'])`"),
    ),
    ("@variables('list')[0]", Ok("\"a\"")),
    ("@variables(1)", Err("`variables(1)`: a name must be text, and is a whole number at `variables(1)`")),
    ("@body('row')['id']", Ok("7")),
    ("@outputs('Row')?['statusCode']", Ok("200")),
    ("@body('Composed')", Ok("null")),
    ("@actionBody('Row')", Ok("{\"id\":7}")),
    ("@actions('Row')['outputs']['body/id']", Ok("7")),
    ("@body(triggerBody()['step'])['id']", Ok("7")),
    (
        "@outputs('Other')",
        Err(
            "`outputs('Other')`: no `outputs('Other')` is given (give it in the scope as `outputs: { Other: … }`) at `outputs('Other')`",
        ),
    ),
    ("@items('loop')", Ok("3")),
    ("@item()", Ok("null")),
    ("@iterationIndexes('Loop')", Ok("4")),
    ("@trigger()['outputs']['body']['key']", Ok("\"list\"")),
    (
        "@listCallbackUrl()",
        Err(
            "`listCallbackUrl()`: there is an address to call back only within a webhook subscription at `listCallbackUrl()`",
        ),
    ),
    (
        "@appsetting('PATH')",
        Err(
            "`appsetting('PATH')`: a flow reads no settings of the machine (declare a parameter, and read it with `parameters('NAME')`) at `appsetting('PATH')`",
        ),
    ),
    ("@formDataValue('Form', 'k')", Ok("\"1\"")),
    ("@formDataValue('Form', 'none')", Ok("null")),
    (
        "@formDataValue('Form', 'twice')",
        Err(
            "`formDataValue('Form', 'twice')`: the form has 2 values of that key (`formDataMultiValues` and `triggerFormDataMultiValues` give them all) at `formDataValue('Form', 'twice')`",
        ),
    ),
    ("@formDataMultiValues('Form', 'twice')", Ok("[\"2\",\"3\"]")),
    ("@multipartBody('Parts', 1)['x']", Ok("1")),
    (
        "@multipartBody('Parts', 2)",
        Err(
            "`multipartBody('Parts', 2)`: there is no item 2 in a list of 2 (items are counted from 0; where it may be missing, write `?[…]`) at `multipartBody('Parts', 2)`",
        ),
    ),
    (
        "@triggerFormDataValue('k')",
        Err("`triggerFormDataValue('k')`: the body is no form at `triggerFormDataValue('k')`"),
    ),
    ("@triggerMultipartBody(0)", Err("`triggerMultipartBody(0)`: the body has no parts at `triggerMultipartBody(0)`")),
    ("@body()", Err("`body()`: `body` takes 1 value, and is given 0 (it is `body(name)`) at `body()`")),
    ("@nobody('X')", Err("`nobody('X')`: there is no function `nobody` at `nobody('X')`")),
];

const LAZY: &[Case] = &[
    ("@if(true, 1, body('none'))", Ok("1")),
    ("@if(false, body('none'), 2)", Ok("2")),
    (
        "@if(triggerBody()['one'], 1, 2)",
        Err("`triggerBody()['one']`: it must be true or false, and is a whole number at `triggerBody()['one']`"),
    ),
    ("@and(false, body('none'))", Ok("false")),
    ("@and(true, true)", Ok("true")),
    (
        "@and(true, body('none'))",
        Err(
            "`body('none')`: no `outputs('none')` is given (give it in the scope as `outputs: { none: … }`) at `body('none')`",
        ),
    ),
    ("@or(true, body('none'))", Ok("true")),
    ("@or(false, false)", Ok("false")),
    (
        "@or(false, triggerBody()['none'])",
        Err("`triggerBody()['none']`: it must be true or false, and is null at `triggerBody()['none']`"),
    ),
    ("@coalesce(null, triggerBody()['none'], '', body('none'))", Ok("\"\"")),
    ("@coalesce(null, null)", Ok("null")),
];
