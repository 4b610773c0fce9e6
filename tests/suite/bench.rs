//! The test bench: one PostgreSQL for all tests of the process, a database for each, and a
//! canonical dump to compare databases with (semantics: without run numbers, read records,
//! sequences and wall-clock durations).
//!
//! `WEIR_TEST_DATABASE` is the URL of another server to make the databases on; if the database that
//! it names uses Citus, theirs are distributed (docs/citus.md).

use crate::cluster::Cluster;
use sqlx::{Connection, PgConnection};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, Weak};
use weir::store::Store;
use weir::store::server::{ProgramSearch, Server, ServerEnvironment};

static SERVER: Mutex<Weak<TestServer>> = Mutex::new(Weak::new());
static TEMPLATE: tokio::sync::OnceCell<()> = tokio::sync::OnceCell::const_new();
static NAMES: AtomicU32 = AtomicU32::new(0);

/// A database of its own, made from a migrated template.
pub struct Bench {
    server: Arc<TestServer>,
    pub name: String,
}

/// Where the databases of tests are.
enum TestServer {
    /// On a private server of the tests.
    Private(Server),
    /// On a server of one test, which may do to it what it likes.
    Own(Cluster),
    /// Beside the database of this URL, which belongs to others.
    Given(String),
}

impl TestServer {
    fn url(&self, database: &str) -> String {
        match self {
            TestServer::Private(server) => server.url(database),
            TestServer::Own(cluster) => cluster.url("postgres", database, "disable"),
            TestServer::Given(url) => {
                let (address, options) = url.split_once('?').unwrap_or((url, ""));
                let (server, _) = address.rsplit_once('/').unwrap();
                format!("{server}/{database}?{options}")
            }
        }
    }

    /// Where databases are created and removed from.
    fn admin_url(&self) -> String {
        match self {
            TestServer::Given(url) => url.clone(),
            own => own.url("postgres"),
        }
    }

    /// Whether the databases of the tests are distributed.
    async fn has_citus(&self) -> bool {
        let TestServer::Given(url) = self else {
            return false;
        };
        let mut connection = PgConnection::connect(url).await.unwrap();
        let sql = "SELECT EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'citus')";
        let has = sqlx::query_scalar(sql).fetch_one(&mut connection).await;
        connection.close().await.unwrap();
        has.unwrap()
    }
}

/// Where the server's binaries may be.
pub fn environment() -> ServerEnvironment {
    #[allow(clippy::disallowed_methods, reason = "tests are an edge, too")]
    let path = std::env::var_os("PATH").unwrap_or_default();
    ServerEnvironment {
        search: ProgramSearch {
            path,
            ..ProgramSearch::default()
        },
        state: None,
        sockets: vec![std::env::temp_dir()],
    }
}

/// The server that all tests share; the last test to leave stops it.
fn server() -> Arc<TestServer> {
    let mut shared = SERVER.lock().unwrap();
    shared.upgrade().unwrap_or_else(|| {
        #[allow(clippy::disallowed_methods, reason = "tests are an edge, too")]
        let given = std::env::var("WEIR_TEST_DATABASE").ok();
        let fresh = Arc::new(given.map_or_else(private_server, TestServer::Given));
        *shared = Arc::downgrade(&fresh);
        fresh
    })
}

fn private_server() -> TestServer {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench");
    std::fs::create_dir_all(&folder).unwrap();
    let server = Server::open(&folder, &environment()).unwrap_or_else(|error| panic!("{error}"));
    hurry(&server);
    TestServer::Private(server)
}

/// Tests kill processes, never the power: their server need not wait for the disk.
fn hurry(server: &Server) {
    let url = server.url("postgres");
    let work = async move {
        let mut connection = PgConnection::connect(&url).await.unwrap();
        for setting in ["fsync", "full_page_writes", "synchronous_commit"] {
            sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
                "ALTER SYSTEM SET {setting} = off"
            )))
            .execute(&mut connection)
            .await
            .unwrap();
        }
        sqlx::raw_sql("SELECT pg_reload_conf()")
            .execute(&mut connection)
            .await
            .unwrap();
    };
    std::thread::spawn(|| tokio::runtime::Runtime::new().unwrap().block_on(work))
        .join()
        .unwrap();
}

impl Bench {
    /// A fresh database with all tables.
    pub async fn new() -> Bench {
        let server = server();
        let template = format!("template_{}", std::process::id());
        TEMPLATE
            .get_or_init(|| make_template(&server, &template))
            .await;
        Bench::copy_of(server, &template).await
    }

    /// A fresh database on a server of its own.
    pub async fn alone() -> Bench {
        let server = Arc::new(TestServer::Own(Cluster::start(&environment())));
        let name = "alone".to_owned();
        make_template(&server, &name).await;
        Bench { server, name }
    }

    /// Stops the server of [`Bench::alone`], in a mode of `pg_ctl`, and starts it again.
    pub fn restart(&self, mode: &str) {
        match &*self.server {
            TestServer::Own(cluster) => cluster.restart(mode),
            _ => panic!("others use this server"),
        }
    }

    /// A database without tables, made as these words of `CREATE DATABASE` say.
    pub async fn with(words: &str) -> Bench {
        let server = server();
        let name = format!(
            "test_{}_{}",
            std::process::id(),
            NAMES.fetch_add(1, Ordering::Relaxed)
        );
        admin(&server, &format!("CREATE DATABASE {name} {words}")).await;
        Bench { server, name }
    }

    /// A copy of this database; nobody may be connected to it.
    pub async fn copy(&self) -> Bench {
        Bench::copy_of(Arc::clone(&self.server), &self.name).await
    }

    async fn copy_of(server: Arc<TestServer>, template: &str) -> Bench {
        let name = format!(
            "test_{}_{}",
            std::process::id(),
            NAMES.fetch_add(1, Ordering::Relaxed)
        );
        if server.has_citus().await {
            leave_alone(&server, template).await;
        }
        let sql = format!("CREATE DATABASE {name} TEMPLATE {template}");
        admin(&server, &sql).await;
        Bench { server, name }
    }

    /// Whether the databases of the tests are distributed.
    pub async fn has_citus(&self) -> bool {
        self.server.has_citus().await
    }

    /// Whether somebody can change the view `jobs` by hand; says so where Citus refuses it.
    pub async fn changes_views(&self) -> bool {
        let is_refused = self.has_citus().await;
        if is_refused {
            eprintln!("skipped: Citus lets nobody change the view `jobs`");
        }
        !is_refused
    }

    /// Makes its server its only node, with shards.
    pub async fn use_citus(&self) {
        let mut connection = PgConnection::connect(&self.url()).await.unwrap();
        sqlx::raw_sql("CREATE EXTENSION citus")
            .execute(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
    }

    /// Its URL.
    pub fn url(&self) -> String {
        self.server.url(&self.name)
    }

    /// Removes the database.
    pub async fn drop(self) {
        admin(
            &self.server,
            &format!("DROP DATABASE {} WITH (FORCE)", self.name),
        )
        .await;
    }
}

/// Ends the sessions of a database that Citus keeps for itself: a database in use is not copied.
async fn leave_alone(server: &TestServer, database: &str) {
    let sql = format!(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{database}' AND (backend_type <> 'client backend' OR application_name LIKE 'citus%')"
    );
    admin(server, &sql).await;
}

async fn admin(server: &TestServer, sql: &str) {
    let mut connection = PgConnection::connect(&server.admin_url()).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
}

async fn make_template(server: &Arc<TestServer>, name: &str) {
    admin(server, &format!("DROP DATABASE IF EXISTS {name}")).await;
    admin(server, &format!("CREATE DATABASE {name}")).await;
    let store = Store::open(&server.url(name), 1, "bench").await.unwrap();
    if server.has_citus().await {
        let template = Bench {
            server: Arc::clone(server),
            name: name.to_owned(),
        };
        template.use_citus().await;
        let mut connection = store.connection().await.unwrap();
        weir::store::distribution::distribute(&mut connection)
            .await
            .unwrap();
    }
    store.close().await;
}

/// What two databases must agree in, table by table. Rows of views are read before they become
/// JSON: Citus does not know the names of their columns any more.
const DUMP: [(&str, &str); 24] = [
    ("institutions", "SELECT to_jsonb(t) FROM institutions t"),
    ("companies", "SELECT to_jsonb(t) FROM companies t"),
    ("accepted names", "SELECT to_jsonb(t) - 'id' FROM company_aliases t"),
    ("divisions", "SELECT to_jsonb(t) FROM divisions t"),
    ("documents", "WITH t AS MATERIALIZED (SELECT * FROM staging_documents) SELECT to_jsonb(t) - 'id' FROM t"),
    ("states", "SELECT to_jsonb(t) - 'document_id' - 'last_read' - 'last_change_run' FROM ad_states t"),
    ("staging", "SELECT to_jsonb(t) - 'id' - 'document_id' #- '{processing_metadata,run}' FROM staging_jobs t"),
    (
        "failures",
        "SELECT to_jsonb(f) - 'id' - 'staging_job_id' || jsonb_build_object('of', j.external_id)
         FROM staging_validation_failures f JOIN staging_jobs j ON j.institution_id = f.institution_id AND j.id = f.staging_job_id",
    ),
    ("jobs", "WITH t AS MATERIALIZED (SELECT * FROM jobs) SELECT to_jsonb(t) FROM t"),
    ("contents", "SELECT to_jsonb(t) - 'document_id' FROM raw_documents t"),
    ("causes", "WITH t AS MATERIALIZED (SELECT * FROM changes) SELECT to_jsonb(t) - 'txid' - 'change_id' - 'recorded_at' FROM t"),
    ("history", "WITH t AS MATERIALIZED (SELECT * FROM jobs_history) SELECT to_jsonb(t) - 'run_id' FROM t"),
    ("resolved", "SELECT to_jsonb(t) - 'id' - 'document_id' FROM resolved_failures t"),
    ("quality", "SELECT to_jsonb(t) - 'run_id' FROM source_quality t"),
    ("measures", "SELECT to_jsonb(t) FROM quality_measures t"),
    ("holds", "SELECT to_jsonb(t) - 'id' - 'opened_run' #- '{details,document}' FROM holds t"),
    ("signatures", "SELECT to_jsonb(t) FROM job_signatures t"),
    ("blocks", "SELECT to_jsonb(t) FROM job_blocks t"),
    ("profiles", "SELECT to_jsonb(t) FROM employer_profiles t"),
    ("openings", "SELECT to_jsonb(t) FROM openings t"),
    ("members", "SELECT to_jsonb(t) - 'run_id' FROM opening_members t"),
    ("aliases", "SELECT to_jsonb(t) FROM opening_aliases t"),
    ("decisions", "SELECT to_jsonb(t) - 'id' FROM opening_decisions t"),
    ("opening log", "SELECT to_jsonb(t) - 'id' - 'run_id' FROM opening_log t"),
];

const LETTERS: &str = "SELECT to_jsonb(f) - 'id' - 'document_id' || jsonb_build_object('of', d.external_id)
     FROM staging_failed_documents f JOIN staging_documents d ON d.institution_id = f.institution_id AND d.id = f.document_id";

/// The canonical dump of a database: equal dumps, equal databases.
pub async fn dump(url: &str) -> String {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let mut out = String::new();
    for (name, sql) in DUMP.into_iter().chain([("dead letters", LETTERS)]) {
        let sql = format!("SELECT row::text FROM ({sql}) AS t (row) ORDER BY 1");
        let rows: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .fetch_all(&mut connection)
            .await
            .unwrap();
        out.push_str(&format!("# {name}\n{}\n", rows.join("\n")));
    }
    connection.close().await.unwrap();
    out
}

/// The first lines in which two dumps differ.
pub fn difference(expected: &str, found: &str) -> Option<String> {
    if expected == found {
        return None;
    }
    let (old, new): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), found.lines().collect());
    let gone = old
        .iter()
        .filter(|line| !new.contains(line))
        .take(4)
        .map(|line| format!("- {line}"));
    let come = new
        .iter()
        .filter(|line| !old.contains(line))
        .take(4)
        .map(|line| format!("+ {line}"));
    Some(gone.chain(come).collect::<Vec<_>>().join("\n"))
}
