//! Functions that stand in the place of DataFusion's: what they compute is their own, what they say of
//! themselves is what the one within says.

/// The names, the types and the documentation of the function in the field `inner`.
macro_rules! as_inner {
    () => {
        fn name(&self) -> &str {
            self.inner.name()
        }

        fn aliases(&self) -> &[String] {
            self.inner.aliases()
        }

        fn schema_name(
            &self,
            args: &[::datafusion::logical_expr::Expr],
        ) -> ::datafusion::error::Result<String> {
            self.inner.schema_name(args)
        }

        fn signature(&self) -> &::datafusion::logical_expr::Signature {
            self.inner.signature()
        }

        fn return_type(
            &self,
            given: &[::arrow::datatypes::DataType],
        ) -> ::datafusion::error::Result<::arrow::datatypes::DataType> {
            self.inner.return_type(given)
        }

        fn return_field_from_args(
            &self,
            args: ::datafusion::logical_expr::ReturnFieldArgs,
        ) -> ::datafusion::error::Result<::arrow::datatypes::FieldRef> {
            self.inner.return_field_from_args(args)
        }

        fn coerce_types(
            &self,
            given: &[::arrow::datatypes::DataType],
        ) -> ::datafusion::error::Result<Vec<::arrow::datatypes::DataType>> {
            self.inner.inner().coerce_types(given)
        }

        fn documentation(&self) -> Option<&::datafusion::logical_expr::Documentation> {
            self.inner.documentation()
        }
    };
}

pub(in crate::postgres) use as_inner;
