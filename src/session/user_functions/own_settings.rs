//! What a function's body asks of settings that the function has of its own: `current_setting('work_mem')`. The
//! body is computed within the query that calls the function, which has the session's settings; so their values
//! are said.

use std::convert::Infallible;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    DataType, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Query, Value,
    VisitorMut,
};

use super::body::cast;
use crate::config::SessionSettings;
use crate::sql::create_function::CreateFunction;
use crate::sql::function_settings::FunctionSetting;
use crate::sql::walk::VisitMut;

/// The function that tells a setting.
const TELLING: &str = "current_setting";

/// Says the values of a function's own settings in its body.
pub(super) fn tell(create: &CreateFunction, body: &mut Query) {
    if !create.settings.is_empty() {
        // Nothing breaks the walk.
        let _ = VisitMut::visit(body, &mut Teller(&create.settings));
    }
}

/// The name of the setting that a call asks for, in lower case, where it says one.
pub fn asked(call: &Function) -> Option<String> {
    let name = call.name.0.last().and_then(|part| part.as_ident())?;
    let FunctionArguments::List(list) = &call.args else {
        return None;
    };
    let Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(asked)))) = list.args.first()
    else {
        return None;
    };
    match &asked.value {
        Value::SingleQuotedString(asked) if name.value.eq_ignore_ascii_case(TELLING) => {
            Some(asked.to_lowercase())
        }
        _ => None,
    }
}

struct Teller<'a>(&'a [FunctionSetting]);

impl VisitorMut for Teller<'_> {
    type Break = Infallible;

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Infallible> {
        if let Expr::Function(call) = expr
            && let Some(asked) = asked(call)
            && let Some(value) = self.value(&asked)
        {
            let value = Expr::value(Value::SingleQuotedString(value));
            *expr = cast(value, DataType::Text);
        }
        ControlFlow::Continue(())
    }
}

impl Teller<'_> {
    /// The value of a setting, as it is shown.
    fn value(&self, asked: &str) -> Option<String> {
        let mut own = self.0.iter();
        own.find_map(|setting| match setting {
            FunctionSetting::To(name, value) if name == asked => {
                let mut shown = SessionSettings::defaults().ok()?;
                shown.set(name, value).ok()?;
                shown.get(name)
            }
            _ => None,
        })
    }
}
