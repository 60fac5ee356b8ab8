//! Tables of what this server has nothing of. They have their columns, so that queries plan.

use super::table::{PgTable, column};
use crate::catalog::system::Column;
use crate::catalog::system::ColumnType::{
    Boolean, Integer, Oid, Smallint, SmallintArray, Text, TextArray,
};

const fn empty(name: &'static str, oid: i64, columns: &'static [Column]) -> PgTable {
    PgTable {
        name,
        oid,
        columns,
        rows: None,
    }
}

/// The tables that never have rows.
pub static TABLES: [PgTable; 20] = [
    empty(
        "pg_attrdef",
        2604,
        &[
            column("oid", Oid),
            column("adrelid", Oid),
            column("adnum", Smallint),
            column("adbin", Text),
        ],
    ),
    empty(
        "pg_auth_members",
        1261,
        &[
            column("roleid", Oid),
            column("member", Oid),
            column("grantor", Oid),
            column("admin_option", Boolean),
        ],
    ),
    empty(
        "pg_collation",
        3456,
        &[
            column("oid", Oid),
            column("collname", Text),
            column("collnamespace", Oid),
            column("collowner", Oid),
            column("collprovider", Text),
            column("collisdeterministic", Boolean),
            column("collencoding", Integer),
            column("collcollate", Text),
            column("collctype", Text),
        ],
    ),
    empty(
        "pg_constraint",
        2606,
        &[
            column("oid", Oid),
            column("conname", Text),
            column("connamespace", Oid),
            column("contype", Text),
            column("condeferrable", Boolean),
            column("condeferred", Boolean),
            column("convalidated", Boolean),
            column("conrelid", Oid),
            column("contypid", Oid),
            column("conindid", Oid),
            column("conparentid", Oid),
            column("confrelid", Oid),
            column("confupdtype", Text),
            column("confdeltype", Text),
            column("confmatchtype", Text),
            column("conkey", SmallintArray),
            column("confkey", SmallintArray),
            column("conbin", Text),
        ],
    ),
    empty(
        "pg_depend",
        2608,
        &[
            column("classid", Oid),
            column("objid", Oid),
            column("objsubid", Integer),
            column("refclassid", Oid),
            column("refobjid", Oid),
            column("refobjsubid", Integer),
            column("deptype", Text),
        ],
    ),
    empty(
        "pg_enum",
        3501,
        &[
            column("oid", Oid),
            column("enumtypid", Oid),
            column("enumsortorder", Integer),
            column("enumlabel", Text),
        ],
    ),
    empty(
        "pg_event_trigger",
        3466,
        &[column("oid", Oid), column("evtname", Text)],
    ),
    empty(
        "pg_extension",
        3079,
        &[
            column("oid", Oid),
            column("extname", Text),
            column("extowner", Oid),
            column("extnamespace", Oid),
            column("extversion", Text),
        ],
    ),
    empty(
        "pg_index",
        2610,
        &[
            column("indexrelid", Oid),
            column("indrelid", Oid),
            column("indnatts", Smallint),
            column("indnkeyatts", Smallint),
            column("indisunique", Boolean),
            column("indisprimary", Boolean),
            column("indisexclusion", Boolean),
            column("indimmediate", Boolean),
            column("indisclustered", Boolean),
            column("indisvalid", Boolean),
            column("indisready", Boolean),
            column("indislive", Boolean),
            column("indisreplident", Boolean),
            column("indkey", SmallintArray),
            column("indoption", SmallintArray),
            column("indexprs", Text),
            column("indpred", Text),
        ],
    ),
    empty(
        "pg_inherits",
        2611,
        &[
            column("inhrelid", Oid),
            column("inhparent", Oid),
            column("inhseqno", Integer),
            column("inhdetachpending", Boolean),
        ],
    ),
    empty(
        "pg_policy",
        3256,
        &[
            column("oid", Oid),
            column("polname", Text),
            column("polrelid", Oid),
            column("polcmd", Text),
            column("polpermissive", Boolean),
            column("polroles", TextArray),
            column("polqual", Text),
            column("polwithcheck", Text),
        ],
    ),
    empty(
        "pg_proc",
        1255,
        &[
            column("oid", Oid),
            column("proname", Text),
            column("pronamespace", Oid),
            column("proowner", Oid),
            column("prokind", Text),
            column("prorettype", Oid),
            column("proargtypes", SmallintArray),
            column("prosrc", Text),
        ],
    ),
    empty(
        "pg_publication",
        6104,
        &[
            column("oid", Oid),
            column("pubname", Text),
            column("pubowner", Oid),
            column("puballtables", Boolean),
        ],
    ),
    empty(
        "pg_publication_namespace",
        6237,
        &[
            column("oid", Oid),
            column("pnpubid", Oid),
            column("pnnspid", Oid),
        ],
    ),
    empty(
        "pg_publication_rel",
        6106,
        &[
            column("oid", Oid),
            column("prpubid", Oid),
            column("prrelid", Oid),
            column("prqual", Text),
            column("prattrs", SmallintArray),
        ],
    ),
    empty(
        "pg_rewrite",
        2618,
        &[
            column("oid", Oid),
            column("rulename", Text),
            column("ev_class", Oid),
            column("ev_type", Text),
            column("ev_enabled", Text),
            column("is_instead", Boolean),
        ],
    ),
    empty(
        "pg_sequence",
        2224,
        &[column("seqrelid", Oid), column("seqtypid", Oid)],
    ),
    empty(
        "pg_statistic_ext",
        3381,
        &[
            column("oid", Oid),
            column("stxrelid", Oid),
            column("stxname", Text),
            column("stxnamespace", Oid),
            column("stxowner", Oid),
            column("stxstattarget", Integer),
            column("stxkeys", SmallintArray),
            column("stxkind", TextArray),
        ],
    ),
    empty(
        "pg_tablespace",
        1213,
        &[
            column("oid", Oid),
            column("spcname", Text),
            column("spcowner", Oid),
        ],
    ),
    empty(
        "pg_trigger",
        2620,
        &[
            column("oid", Oid),
            column("tgrelid", Oid),
            column("tgparentid", Oid),
            column("tgname", Text),
            column("tgfoid", Oid),
            column("tgtype", Smallint),
            column("tgenabled", Text),
            column("tgisinternal", Boolean),
        ],
    ),
];
