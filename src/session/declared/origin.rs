//! Follows a column of a plan to what it comes of: a cast, a function, a column of a relation.

use std::cell::RefCell;
use std::collections::HashMap;

use arrow::datatypes::{DataType, Field};
use datafusion::common::TableReference;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{
    Distinct, Expr, ExprSchemable as _, Extension, LogicalPlan, UserDefinedLogicalNodeCore as _,
};
use tributary_udfs::postgres::{
    BARE_NUMERIC, CHARACTER_LENGTH, CharacterLength, ROUND_MOMENT, SINGLE_BYTE,
};

use super::common::{Branch, common, of_any_length};
use super::functions;
use super::given::{self, GivenValue};
use crate::catalog::{Kind, Object, Snapshot, pg_catalog};
use crate::execute::GIVEN_ROWS;
use crate::session::domains::{self, DomainKind};
use crate::session::rows_once::RowsOnce;
use crate::sql::{QualifiedName, with_changes};
use crate::wire::types::{POSTGRES_MODIFIER, POSTGRES_TYPE};

/// What a column comes of.
#[derive(Clone, Default)]
pub(super) struct Origin {
    /// The number of a relation, and of its column.
    pub(super) column: Option<(i64, usize)>,
    /// The type that clients are told of, where it is not that of the values.
    pub(super) told: Option<String>,
    /// Whether a declaration or a cast names the digits of its numbers.
    pub(super) has_digits: bool,
    /// The digits of a second that one gives to its moments.
    pub(super) digits: Option<u8>,
    /// The domain that it is of.
    pub(super) domain: Option<DomainKind>,
    /// Whether it is kept in that relation.
    pub(super) is_stored: bool,
}

impl Origin {
    fn of_told(told: Option<String>) -> Self {
        Self {
            told,
            ..Self::default()
        }
    }

    /// What a field says of itself.
    fn of_field(field: &Field) -> Self {
        Self::of_told(told_by(field))
    }

    /// The type that limits its texts.
    pub(super) fn length(&self) -> Option<CharacterLength> {
        CharacterLength::from_sql(self.told.as_deref()?)
    }
}

/// The type that a field says of itself to be told by.
pub fn told_by(field: &Field) -> Option<String> {
    let metadata = field.metadata();
    let length = metadata.get(CHARACTER_LENGTH);
    match length.and_then(|length| CharacterLength::from_metadata(length)) {
        Some(length) => Some(length.sql()),
        None if metadata.contains_key(SINGLE_BYTE) => Some("\"char\"".to_owned()),
        None => match (metadata.get(POSTGRES_TYPE), field.data_type()) {
            (Some(told), _) => Some(told.clone()),
            (None, DataType::List(element)) => Some(format!("{}[]", told_by(element)?)),
            (None, _) => None,
        },
    }
}

/// Follows columns of one plan.
pub(super) struct Trace<'a> {
    plan: &'a LogicalPlan,
    snapshot: &'a Snapshot,
    /// What the columns of nodes come of that were followed: one may be read by many.
    known: RefCell<HashMap<(usize, usize), Origin>>,
}

impl<'a> Trace<'a> {
    pub(super) fn new(plan: &'a LogicalPlan, snapshot: &'a Snapshot) -> Self {
        Self {
            plan,
            snapshot,
            known: RefCell::default(),
        }
    }

    /// Follows a column to the cast, the function or the relation that it comes of.
    pub(super) fn column(&self, index: usize) -> Origin {
        self.origin(self.plan, index)
    }

    /// Follows an expression over the columns of the plan.
    pub(super) fn value(&self, expression: &Expr) -> Origin {
        let input = self.plan;
        Tracer { input, trace: self }.of(expression)
    }

    /// Whether a column takes the type of what its values are assigned to: nothing has told one of its own.
    pub(super) fn is_open(&self, index: usize) -> bool {
        is_open_in(self.plan, index)
    }

    /// Whether a column that is a text for all that is told may be of any type that is kept as texts are: its
    /// values come from a function of this server's own, or are the elements of arrays.
    pub(super) fn may_be_any_text(&self, index: usize) -> bool {
        may_be_any_text(self.plan, index)
    }

    /// [`Self::column`] of a node of the plan.
    fn origin(&self, plan: &LogicalPlan, index: usize) -> Origin {
        let Some((_, field)) = plan.schema().iter().nth(index) else {
            return Origin::default();
        };
        // The nodes stay where they are as long as the plan is followed.
        let place = (std::ptr::from_ref(plan).addr(), index);
        if let Some(known) = self.known.borrow().get(&place) {
            return known.clone();
        }
        let traced = self.traced(plan, index, field);
        let origin = traced.unwrap_or_else(|| Origin::of_field(field));
        self.known.borrow_mut().insert(place, origin.clone());
        origin
    }

    /// [`Self::origin`], as far as a plan tells more than its columns do.
    fn traced(&self, plan: &LogicalPlan, index: usize, field: &Field) -> Option<Origin> {
        let snapshot = self.snapshot;
        let of_expression = |expression: Option<&Expr>, input: &LogicalPlan| {
            Some(Tracer { input, trace: self }.of(expression?))
        };
        match plan {
            LogicalPlan::Projection(projection) => {
                of_expression(projection.expr.get(index), &projection.input)
            }
            LogicalPlan::Aggregate(aggregate) => {
                // Sets of groups are one expression of several columns.
                if let [Expr::GroupingSet(sets)] = aggregate.group_expr.as_slice() {
                    return of_expression(
                        sets.distinct_expr().get(index).copied(),
                        &aggregate.input,
                    );
                }
                let mut all = aggregate.group_expr.iter().chain(&aggregate.aggr_expr);
                of_expression(all.nth(index), &aggregate.input)
            }
            LogicalPlan::Filter(filter) => Some(self.origin(&filter.input, index)),
            LogicalPlan::Sort(sort) => Some(self.origin(&sort.input, index)),
            LogicalPlan::Limit(limit) => Some(self.origin(&limit.input, index)),
            LogicalPlan::Repartition(parts) => Some(self.origin(&parts.input, index)),
            LogicalPlan::SubqueryAlias(alias) => {
                let inner = self.origin(&alias.input, index);
                // The query of a view stands under the view's full name.
                let view = alias.alias.schema().and_then(|schema| {
                    let name = QualifiedName::new(schema, alias.alias.table());
                    snapshot.relation(&name)
                });
                Some(match view.filter(|view| view.kind == Kind::View) {
                    Some(view) => Origin {
                        column: Some((i64::from(view.oid), index + 1)),
                        ..inner
                    },
                    None => of_form(&alias.alias, field.name(), snapshot).unwrap_or(inner),
                })
            }
            LogicalPlan::Distinct(Distinct::All(input)) => Some(self.origin(input, index)),
            LogicalPlan::Distinct(Distinct::On(on)) => {
                of_expression(on.select_expr.get(index), &on.input)
            }
            LogicalPlan::RecursiveQuery(query) => {
                let told = self.origin(&query.static_term, index).told;
                Some(Origin::of_told(told))
            }
            LogicalPlan::Extension(Extension { node }) => {
                let once = node.as_any().downcast_ref::<RowsOnce>()?;
                Some(self.origin(once.inputs().first()?, index))
            }
            LogicalPlan::Subquery(lateral) => Some(self.origin(&lateral.subquery, index)),
            LogicalPlan::Union(union) => {
                let branches = union.inputs.iter().map(|it| self.branch(it, index));
                Some(Origin::of_told(common(branches)))
            }
            LogicalPlan::Values(values) => {
                let tracer = Tracer {
                    input: plan,
                    trace: self,
                };
                let rows = values.values.iter().filter_map(|row| row.get(index));
                let branches = rows.map(|value| tracer.branch(value));
                Some(Origin::of_told(common(branches)))
            }
            LogicalPlan::Window(window) => {
                let width = window.input.schema().fields().len();
                match index.checked_sub(width) {
                    None => Some(self.origin(&window.input, index)),
                    Some(place) => of_expression(window.window_expr.get(place), &window.input),
                }
            }
            LogicalPlan::Unnest(unnest) => {
                let place = *unnest.dependency_indices.get(index)?;
                let inner = self.origin(&unnest.input, place);
                let list = unnest.input.schema().field(place).data_type();
                match list == field.data_type() {
                    true => Some(inner),
                    false => Some(Origin {
                        domain: given::element(inner.domain),
                        ..Origin::of_told(inner.told.as_deref().and_then(element))
                    }),
                }
            }
            LogicalPlan::Join(join) => {
                let width = join.left.schema().fields().len();
                match index.checked_sub(width) {
                    None => Some(self.origin(&join.left, index)),
                    Some(index) if index < join.right.schema().fields().len() => {
                        Some(self.origin(&join.right, index))
                    }
                    Some(_) => None,
                }
            }
            LogicalPlan::TableScan(scan) => {
                let schema = scan.table_name.schema()?;
                let place = scan.source.schema().index_of(field.name()).ok()?;
                if let Some(tables) = pg_catalog::schema(schema) {
                    let table = tables.get(scan.table_name.table())?;
                    return Some(Origin {
                        column: Some((table.oid, place + 1)),
                        ..Origin::of_field(field)
                    });
                }
                // What a change has returned says itself of which types its columns are.
                if schema == with_changes::SCHEMA {
                    return Some(Origin {
                        has_digits: !field.metadata().contains_key(POSTGRES_MODIFIER),
                        ..Origin::of_field(field)
                    });
                }
                let name = scan.table_name.table();
                let known = |name: &str| snapshot.relation(&QualifiedName::new(schema, name));
                let Some(object) = known(name) else {
                    return of_form(&scan.table_name, field.name(), snapshot);
                };
                let told = object.told_texts(field.name());
                Some(Origin {
                    column: Some((i64::from(object.oid), place + 1)),
                    told: told.or_else(|| told_by(field)),
                    has_digits: true,
                    digits: object.moment_precision(field.name()),
                    domain: domain_of(object, field.name()),
                    is_stored: object.kind != Kind::View,
                })
            }
            _ => None,
        }
    }

    /// What a branch of a union gives.
    fn branch(&self, plan: &LogicalPlan, index: usize) -> Branch {
        if let LogicalPlan::Projection(projection) = plan
            && projection.expr.get(index).is_some_and(is_open)
        {
            return Branch::Open;
        }
        Branch::Of(self.origin(plan, index).told)
    }
}

/// What a column comes of whose table is read in another form: an old version, with the places of its
/// rows, or with its new ones.
fn of_form(relation: &TableReference, column: &str, snapshot: &Snapshot) -> Option<Origin> {
    let (name, _) = relation.table().rsplit_once('@')?;
    let object = snapshot.relation(&QualifiedName::new(relation.schema()?, name))?;
    Some(Origin {
        told: object.told_texts(column),
        has_digits: true,
        digits: object.moment_precision(column),
        domain: domain_of(object, column),
        ..Origin::default()
    })
}

/// The domain that a column of an object is of.
fn domain_of(object: &Object, column: &str) -> Option<DomainKind> {
    DomainKind::of_field(object.schema.field_with_name(column).ok()?)
}

/// The type of the elements of an array of this type.
fn element(told: &str) -> Option<String> {
    match told {
        "oidvector" => Some("oid".to_owned()),
        _ => told.strip_suffix("[]").map(str::to_owned),
    }
}

/// [`Trace::is_open`] of a node of a plan. A relation tells the types of its columns, and so do rows that
/// are held against each other.
fn is_open_in(plan: &LogicalPlan, index: usize) -> bool {
    match plan {
        LogicalPlan::Projection(projection) => match projection.expr.get(index) {
            Some(expression) => match bare(expression) {
                Expr::Column(column) => {
                    let place = projection.input.schema().maybe_index_of_column(column);
                    place.is_some_and(|place| is_open_in(&projection.input, place))
                }
                other => is_open(other),
            },
            None => false,
        },
        LogicalPlan::Values(values) => {
            let mut rows = values.values.iter().map(|row| row.get(index));
            rows.all(|value| value.is_some_and(is_open))
        }
        LogicalPlan::Filter(filter) => is_open_in(&filter.input, index),
        LogicalPlan::Sort(sort) => is_open_in(&sort.input, index),
        LogicalPlan::Limit(limit) => is_open_in(&limit.input, index),
        LogicalPlan::Window(window) => {
            index < window.input.schema().fields().len() && is_open_in(&window.input, index)
        }
        // The query of an INSERT stays one where defaults are put beside its columns.
        LogicalPlan::SubqueryAlias(alias) if alias.alias.table() == GIVEN_ROWS => {
            is_open_in(&alias.input, index)
        }
        LogicalPlan::Distinct(Distinct::On(on)) => on.select_expr.get(index).is_some_and(is_open),
        // What stands beside a function that gives rows.
        LogicalPlan::Unnest(unnest) => {
            let place = unnest.dependency_indices.get(index).copied();
            place.is_some_and(|place| {
                let inner = unnest.input.schema().fields().get(place);
                let own = unnest.schema.fields().get(index);
                inner.map(|field| field.data_type()) == own.map(|field| field.data_type())
                    && is_open_in(&unnest.input, place)
            })
        }
        LogicalPlan::Extension(Extension { node }) => {
            let once = node.as_any().downcast_ref::<RowsOnce>();
            let inputs = once.map(|once| once.inputs()).unwrap_or_default();
            inputs.first().is_some_and(|input| is_open_in(input, index))
        }
        _ => false,
    }
}

/// [`Trace::may_be_any_text`] of a node of a plan.
fn may_be_any_text(plan: &LogicalPlan, index: usize) -> bool {
    let is_own = |expression: Option<&Expr>, input: &LogicalPlan| match expression.map(bare) {
        Some(Expr::Column(column)) => {
            let place = input.schema().maybe_index_of_column(column);
            place.is_some_and(|place| may_be_any_text(input, place))
        }
        Some(Expr::ScalarFunction(call)) => !functions::is_built_in(call.name()),
        Some(Expr::AggregateFunction(call)) => !functions::is_built_in(call.func.name()),
        Some(Expr::WindowFunction(call)) => !functions::is_built_in(call.fun.name()),
        _ => false,
    };
    match plan {
        LogicalPlan::Projection(it) => is_own(it.expr.get(index), &it.input),
        LogicalPlan::Aggregate(it) => {
            let mut all = it.group_expr.iter().chain(&it.aggr_expr);
            is_own(all.nth(index), &it.input)
        }
        LogicalPlan::Window(it) => match index.checked_sub(it.input.schema().fields().len()) {
            None => may_be_any_text(&it.input, index),
            Some(place) => is_own(it.window_expr.get(place), &it.input),
        },
        LogicalPlan::Unnest(it) => {
            let place = it.dependency_indices.get(index).copied();
            let list = place.and_then(|place| it.input.schema().fields().get(place));
            let own = it.schema.fields().get(index);
            match (list, own, place) {
                (Some(list), Some(own), Some(place)) if list.data_type() == own.data_type() => {
                    may_be_any_text(&it.input, place)
                }
                _ => true,
            }
        }
        LogicalPlan::Filter(it) => may_be_any_text(&it.input, index),
        LogicalPlan::Sort(it) => may_be_any_text(&it.input, index),
        LogicalPlan::Limit(it) => may_be_any_text(&it.input, index),
        LogicalPlan::SubqueryAlias(it) => may_be_any_text(&it.input, index),
        LogicalPlan::Distinct(Distinct::All(input)) => may_be_any_text(input, index),
        _ => false,
    }
}

/// An expression without the names that it is given.
fn bare(expression: &Expr) -> &Expr {
    match expression {
        Expr::Alias(alias) => bare(&alias.expr),
        other => other,
    }
}

/// Whether an expression takes the type that stands beside it.
fn is_open(expression: &Expr) -> bool {
    match expression {
        Expr::Alias(alias) => is_open(&alias.expr),
        Expr::Literal(value, None) => value.is_null() || value.try_as_str().is_some(),
        Expr::Placeholder(_) => true,
        // What has no type of its own is given one before it is computed.
        Expr::Cast(cast) if cast.field.metadata().is_empty() => match cast.expr.as_ref() {
            Expr::Literal(value, _) => value.is_null(),
            inner => is_empty_array(inner),
        },
        other => is_empty_array(other),
    }
}

/// `ARRAY[]`
fn is_empty_array(expression: &Expr) -> bool {
    match expression {
        Expr::ScalarFunction(call) => call.name() == "make_array" && call.args.is_empty(),
        _ => false,
    }
}

/// Follows expressions over the columns of a plan.
struct Tracer<'a> {
    input: &'a LogicalPlan,
    trace: &'a Trace<'a>,
}

impl Tracer<'_> {
    fn of(&self, expression: &Expr) -> Origin {
        match expression {
            Expr::Alias(alias) => self.of(&alias.expr),
            Expr::Column(column) => match self.input.schema().maybe_index_of_column(column) {
                Some(index) => self.trace.origin(self.input, index),
                None => Origin::default(),
            },
            Expr::OuterReferenceColumn(field, _) => Origin::of_field(field),
            Expr::Cast(cast) => Origin {
                has_digits: !cast.field.metadata().contains_key(BARE_NUMERIC),
                ..Origin::of_field(&cast.field)
            },
            Expr::TryCast(cast) => Origin::of_field(&cast.field),
            Expr::Literal(_, Some(metadata)) => {
                let field = Field::new("", DataType::Null, true);
                Origin::of_field(&metadata.add_to_field(field))
            }
            Expr::ScalarSubquery(rows) => {
                let inner = self.trace.origin(&rows.subquery, 0);
                Origin {
                    column: None,
                    is_stored: false,
                    ..inner
                }
            }
            Expr::Unnest(unnest) => self.element_of(&unnest.expr),
            Expr::Case(case) => {
                // As in Postgres, what is left over comes first, and is NULL where nothing is said.
                let rest = match &case.else_expr {
                    Some(rest) => self.given(rest),
                    None => GivenValue {
                        is_open: true,
                        ..GivenValue::default()
                    },
                };
                let answers = case.when_then_expr.iter();
                let answers = answers.map(|(_, then)| self.given(then));
                of_alternatives(&std::iter::once(rest).chain(answers).collect::<Vec<_>>())
            }
            Expr::ScalarFunction(call) => self.of_call(call),
            Expr::AggregateFunction(call) => {
                self.of_rows(call.func.name(), call.params.args.as_slice())
            }
            Expr::WindowFunction(call) => {
                self.of_rows(call.fun.name(), call.params.args.as_slice())
            }
            _ => Origin::default(),
        }
    }

    /// The type that clients are told of for what an expression gives.
    fn told(&self, expression: Option<&Expr>) -> Option<String> {
        self.of(expression?).told
    }

    fn branch(&self, expression: &Expr) -> Branch {
        self.given(expression).branch()
    }

    fn given(&self, expression: &Expr) -> GivenValue {
        if is_open(expression) {
            return GivenValue {
                is_open: true,
                ..GivenValue::default()
            };
        }
        let Origin { told, domain, .. } = self.of(expression);
        GivenValue {
            is_open: false,
            told,
            domain,
        }
    }

    /// The type of the elements of an array.
    fn element_of(&self, array: &Expr) -> Origin {
        let Origin { told, domain, .. } = self.of(array);
        Origin {
            domain: given::element(domain),
            ..Origin::of_told(told.as_deref().and_then(element))
        }
    }

    /// The type of an array, which what is made of it has too.
    fn array_of(&self, array: Option<&Expr>) -> Origin {
        match array {
            Some(array) => {
                let Origin { told, domain, .. } = self.of(array);
                Origin {
                    domain: domain.filter(|kind| kind.is_array),
                    ..Origin::of_told(told)
                }
            }
            None => Origin::default(),
        }
    }

    fn of_call(&self, call: &ScalarFunction) -> Origin {
        let arguments = call.args.as_slice();
        let told = match call.name() {
            ROUND_MOMENT => {
                let digits = match arguments.get(1) {
                    Some(Expr::Literal(digits, _)) => digits.to_string().parse().ok(),
                    _ => None,
                };
                return Origin {
                    digits,
                    ..Origin::default()
                };
            }
            // The merged column of a FULL JOIN is one, too.
            "coalesce" | "greatest" | "least" | "nvl" | "array_concat" => {
                let values = arguments.iter().map(|value| self.given(value));
                return of_alternatives(&values.collect::<Vec<_>>());
            }
            // Two of `varchar` are compared as texts, whose first it is then.
            "nullif" => match self.told(arguments.first()) {
                Some(told) if told.starts_with("character varying") => None,
                told => told,
            },
            "array_element" => match arguments.first() {
                Some(array) => return self.element_of(array),
                None => None,
            },
            "make_array" => {
                let values = arguments.iter().map(|value| self.given(value));
                let of = of_alternatives(&values.collect::<Vec<_>>());
                return Origin {
                    domain: given::array(of.domain),
                    ..Origin::of_told(of.told.map(|told| format!("{told}[]")))
                };
            }
            "array_append" | "array_remove" | "array_replace" | "array_slice" => {
                return self.array_of(arguments.first());
            }
            "array_prepend" => return self.array_of(arguments.get(1)),
            name => match functions::answer(name) {
                Some(told) => Some(told.to_owned()),
                None => return self.as_it_says(call),
            },
        };
        Origin::of_told(told)
    }

    /// What the field of a function's answer says of itself.
    fn as_it_says(&self, call: &ScalarFunction) -> Origin {
        let is_of_domain = domains::is_value(call);
        let call = Expr::ScalarFunction(call.clone());
        match call.to_field(self.input.schema().as_ref()) {
            Ok((_, field)) => Origin {
                domain: is_of_domain.then(|| DomainKind::of_field(&field)).flatten(),
                ..Origin::of_field(&field)
            },
            Err(_) => Origin::default(),
        }
    }

    /// What a function of several rows gives, where it gives values as they are.
    fn of_rows(&self, name: &str, arguments: &[Expr]) -> Origin {
        let Some(value) = arguments.first() else {
            return Origin::default();
        };
        let Origin { told, domain, .. } = self.of(value);
        let (told, domain) = match name {
            // Of all types that are texts here, only this one has these functions of its own.
            "min" | "max" => {
                let has_own = |told: &String| {
                    told == "oid" || told == "bpchar" || told.starts_with("character(")
                };
                (told.filter(has_own), domain.filter(|kind| kind.is_array))
            }
            "array_agg" => {
                let told = told.map(|told| format!("{}[]", of_any_length(&told)));
                (told, given::array(domain))
            }
            "first_value" | "last_value" | "nth_value" => (told, domain),
            // What stands for rows that there are none of is of the same type.
            "lag" | "lead" | "tributary_lag" | "tributary_lead" => {
                (told, domain.filter(|_| arguments.len() < 3))
            }
            _ => return Origin::default(),
        };
        Origin {
            domain,
            ..Origin::of_told(told.map(|told| of_any_length(&told)))
        }
    }
}

/// What has the values of several expressions.
fn of_alternatives(values: &[GivenValue]) -> Origin {
    Origin {
        domain: given::alternatives(values.iter()),
        ..Origin::of_told(common(values.iter().map(GivenValue::branch)))
    }
}
