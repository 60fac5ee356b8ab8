//! SQLSTATEs: what a client tells errors apart by.

use std::fmt;

/// A five-character SQLSTATE, as in Appendix A of the PostgreSQL manual.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SqlState(pub &'static str);

impl SqlState {
    /// No error at all: something to know.
    pub const SUCCESSFUL_COMPLETION: Self = Self("00000");
    /// A warning that is not an error.
    pub const WARNING: Self = Self("01000");
    /// A privilege that was not taken away.
    pub const PRIVILEGE_NOT_REVOKED: Self = Self("01006");
    /// A privilege that was not given.
    pub const PRIVILEGE_NOT_GRANTED: Self = Self("01007");
    /// The connection broke or could not be made.
    pub const CONNECTION_FAILURE: Self = Self("08006");
    /// The client broke the protocol.
    pub const PROTOCOL_VIOLATION: Self = Self("08P01");
    /// A feature that does not exist here.
    pub const FEATURE_NOT_SUPPORTED: Self = Self("0A000");
    /// A number that its type cannot hold.
    pub const NUMERIC_VALUE_OUT_OF_RANGE: Self = Self("22003");
    /// A part of a text of less than no characters.
    pub const SUBSTRING_ERROR: Self = Self("22011");
    /// Division by zero.
    pub const DIVISION_BY_ZERO: Self = Self("22012");
    /// A function was given an argument outside its domain.
    pub const INVALID_PARAMETER_VALUE: Self = Self("22023");
    /// Sub-arrays of different lengths in an array of several dimensions.
    pub const ARRAY_SUBSCRIPT_ERROR: Self = Self("2202E");
    /// A seed of a sample that is none.
    pub const INVALID_TABLESAMPLE_REPEAT: Self = Self("2202G");
    /// A percentage of a sample that is none.
    pub const INVALID_TABLESAMPLE_ARGUMENT: Self = Self("2202H");
    /// What is no regular expression.
    pub const INVALID_REGULAR_EXPRESSION: Self = Self("2201B");
    /// A negative `LIMIT`.
    pub const INVALID_ROW_COUNT_IN_LIMIT: Self = Self("2201W");
    /// A negative `OFFSET`.
    pub const INVALID_ROW_COUNT_IN_OFFSET: Self = Self("2201X");
    /// What stands after `ESCAPE` is no character.
    pub const INVALID_ESCAPE_SEQUENCE: Self = Self("22025");
    /// Text that its type cannot be read from.
    pub const INVALID_TEXT_REPRESENTATION: Self = Self("22P02");
    /// A parameter in binary format that is not a value of its type.
    pub const INVALID_BINARY_REPRESENTATION: Self = Self("22P03");
    /// NULL where a value is wanted.
    pub const NULL_VALUE_NOT_ALLOWED: Self = Self("22004");
    /// A row of a file or of COPY that cannot be read.
    pub const BAD_COPY_FILE_FORMAT: Self = Self("22P04");
    /// Text that is no date or time.
    pub const INVALID_DATETIME_FORMAT: Self = Self("22007");
    /// A sequence has no more numbers.
    pub const SEQUENCE_LIMIT_EXCEEDED: Self = Self("2200H");
    /// A value for a column that is always generated.
    pub const GENERATED_ALWAYS: Self = Self("428C9");
    /// A value outside the range of dates and times.
    pub const DATETIME_FIELD_OVERFLOW: Self = Self("22008");
    /// A character that an encoding does not have.
    pub const UNTRANSLATABLE_CHARACTER: Self = Self("22P05");
    /// Bytes that are not UTF-8.
    pub const CHARACTER_NOT_IN_REPERTOIRE: Self = Self("22021");
    /// More than one row where one was wanted.
    pub const CARDINALITY_VIOLATION: Self = Self("21000");
    /// A `WITH RECURSIVE` query that cannot be one.
    pub const INVALID_RECURSION: Self = Self("42P19");
    /// NULL in a column that has none.
    pub const NOT_NULL_VIOLATION: Self = Self("23502");
    /// A schema that cannot have what it is to have.
    pub const INVALID_SCHEMA_DEFINITION: Self = Self("42P15");
    /// A table that cannot be as it is declared.
    pub const INVALID_TABLE_DEFINITION: Self = Self("42P16");
    /// Two rows with the same key.
    pub const UNIQUE_VIOLATION: Self = Self("23505");
    /// A row refers to one that is not there.
    pub const FOREIGN_KEY_VIOLATION: Self = Self("23503");
    /// A foreign key that cannot be.
    pub const INVALID_FOREIGN_KEY: Self = Self("42830");
    /// A row that a check or an expectation forbids.
    pub const CHECK_VIOLATION: Self = Self("23514");
    /// A cursor or portal in the wrong state.
    pub const INVALID_CURSOR_STATE: Self = Self("24000");
    /// BEGIN within a transaction.
    pub const ACTIVE_SQL_TRANSACTION: Self = Self("25001");
    /// A command that a read-only server or transaction refuses.
    pub const READ_ONLY_SQL_TRANSACTION: Self = Self("25006");
    /// COMMIT outside a transaction.
    pub const NO_ACTIVE_SQL_TRANSACTION: Self = Self("25P01");
    /// A statement in a transaction that has failed.
    pub const IN_FAILED_SQL_TRANSACTION: Self = Self("25P02");
    /// A client has left its transaction alone for too long.
    pub const IDLE_IN_TRANSACTION_SESSION_TIMEOUT: Self = Self("25P03");
    /// No prepared statement of that name.
    pub const INVALID_SQL_STATEMENT_NAME: Self = Self("26000");
    /// Who connects is not who they say.
    pub const INVALID_AUTHORIZATION: Self = Self("28000");
    /// A wrong password.
    pub const INVALID_PASSWORD: Self = Self("28P01");
    /// Something else stands on the object.
    pub const DEPENDENT_OBJECTS_STILL_EXIST: Self = Self("2BP01");
    /// Several functions fit a call.
    pub const AMBIGUOUS_FUNCTION: Self = Self("42725");
    /// A function of these arguments exists.
    pub const DUPLICATE_FUNCTION: Self = Self("42723");
    /// A function that cannot be so.
    pub const INVALID_FUNCTION_DEFINITION: Self = Self("42P13");
    /// A privilege that cannot be given so.
    pub const INVALID_GRANT_OPERATION: Self = Self("0LP01");
    /// No portal of that name.
    pub const INVALID_CURSOR_NAME: Self = Self("34000");
    /// No database of that name.
    pub const INVALID_CATALOG_NAME: Self = Self("3D000");
    /// No schema of that name.
    pub const INVALID_SCHEMA_NAME: Self = Self("3F000");
    /// Something that no user may do.
    pub const INSUFFICIENT_PRIVILEGE: Self = Self("42501");
    /// No savepoint of that name.
    pub const INVALID_SAVEPOINT: Self = Self("3B001");
    /// What was done is taken back with its transaction.
    pub const TRANSACTION_ROLLBACK: Self = Self("40000");
    /// Someone else changed the same table at the same time.
    pub const SERIALIZATION_FAILURE: Self = Self("40001");
    /// SQL that cannot be parsed.
    pub const SYNTAX_ERROR: Self = Self("42601");
    /// An identifier that cannot be one.
    pub const INVALID_NAME: Self = Self("42602");
    /// An identifier that is too long.
    pub const NAME_TOO_LONG: Self = Self("42622");
    /// A column named twice.
    pub const DUPLICATE_COLUMN: Self = Self("42701");
    /// A column name that fits two columns.
    pub const AMBIGUOUS_COLUMN: Self = Self("42702");
    /// No column of that name.
    pub const UNDEFINED_COLUMN: Self = Self("42703");
    /// No object of that name.
    pub const UNDEFINED_OBJECT: Self = Self("42704");
    /// An object of that name exists (not a relation or schema).
    pub const DUPLICATE_OBJECT: Self = Self("42710");
    /// A column outside GROUP BY.
    pub const GROUPING_ERROR: Self = Self("42803");
    /// A window function where none can be.
    pub const WINDOWING_ERROR: Self = Self("42P20");
    /// A column that a clause cannot name.
    pub const INVALID_COLUMN_REFERENCE: Self = Self("42P10");
    /// Types that do not fit together.
    pub const DATATYPE_MISMATCH: Self = Self("42804");
    /// A cast that does not exist.
    pub const CANNOT_COERCE: Self = Self("42846");
    /// A table named twice.
    pub const DUPLICATE_ALIAS: Self = Self("42712");
    /// A table's name that fits two tables.
    pub const AMBIGUOUS_ALIAS: Self = Self("42P09");
    /// An object of another kind than the statement wants.
    pub const WRONG_OBJECT_TYPE: Self = Self("42809");
    /// A name that the server keeps for itself.
    pub const RESERVED_NAME: Self = Self("42939");
    /// No function of that name and those arguments.
    pub const UNDEFINED_FUNCTION: Self = Self("42883");
    /// No relation of that name.
    pub const UNDEFINED_TABLE: Self = Self("42P01");
    /// No parameter of that number.
    pub const UNDEFINED_PARAMETER: Self = Self("42P02");
    /// A portal of that name exists.
    pub const DUPLICATE_CURSOR: Self = Self("42P03");
    /// A cursor that cannot be.
    pub const INVALID_CURSOR_DEFINITION: Self = Self("42P11");
    /// A prepared statement of that name exists.
    pub const DUPLICATE_PREPARED_STATEMENT: Self = Self("42P05");
    /// A schema of that name exists.
    pub const DUPLICATE_SCHEMA: Self = Self("42P06");
    /// A relation of that name exists.
    pub const DUPLICATE_TABLE: Self = Self("42P07");
    /// A definition that cannot be.
    pub const INVALID_OBJECT_DEFINITION: Self = Self("42P17");
    /// A parameter whose type the query does not tell.
    pub const INDETERMINATE_DATATYPE: Self = Self("42P18");
    /// The disk is full.
    pub const DISK_FULL: Self = Self("53100");
    /// The memory pool is used up.
    pub const OUT_OF_MEMORY: Self = Self("53200");
    /// Too many connections.
    pub const TOO_MANY_CONNECTIONS: Self = Self("53300");
    /// A limit of the configuration was reached.
    pub const CONFIGURATION_LIMIT_EXCEEDED: Self = Self("53400");
    /// A statement or packet beyond the limits of the program.
    pub const PROGRAM_LIMIT_EXCEEDED: Self = Self("54000");
    /// More columns than there can be.
    pub const TOO_MANY_COLUMNS: Self = Self("54011");
    /// A statement nested, or chained, too deeply.
    pub const STATEMENT_TOO_COMPLEX: Self = Self("54001");
    /// The object is not in the state the statement needs.
    pub const OBJECT_NOT_IN_PREREQUISITE_STATE: Self = Self("55000");
    /// The object is in use.
    pub const OBJECT_IN_USE: Self = Self("55006");
    /// Sessions wait for one another.
    pub const DEADLOCK_DETECTED: Self = Self("40P01");
    /// Another transaction keeps a lock, and this one was not to wait.
    pub const LOCK_NOT_AVAILABLE: Self = Self("55P03");
    /// A setting that cannot be changed now.
    pub const CANT_CHANGE_RUNTIME_PARAM: Self = Self("55P02");
    /// The client, or statement_timeout, asked for the end.
    pub const QUERY_CANCELED: Self = Self("57014");
    /// The server stops.
    pub const ADMIN_SHUTDOWN: Self = Self("57P01");
    /// The server stopped without finishing.
    pub const CRASH_SHUTDOWN: Self = Self("57P02");
    /// The server is not ready.
    pub const CANNOT_CONNECT_NOW: Self = Self("57P03");
    /// A client has left its session alone for too long.
    pub const IDLE_SESSION_TIMEOUT: Self = Self("57P05");
    /// A file or object store failed.
    pub const IO_ERROR: Self = Self("58030");
    /// A file that does not exist.
    pub const UNDEFINED_FILE: Self = Self("58P01");
    /// A configuration file with a mistake.
    pub const CONFIG_FILE_ERROR: Self = Self("F0000");
    /// A source answered with an error.
    pub const FDW_ERROR: Self = Self("HV000");
    /// A bug of the server.
    pub const INTERNAL_ERROR: Self = Self("XX000");
    /// Data on disk that is not as it was written.
    pub const DATA_CORRUPTED: Self = Self("XX001");
}

impl fmt::Display for SqlState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}
