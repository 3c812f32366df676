// The programs that we stand beside. Each is started here with settings under which it is at its best and promises what we
// promise; each gives null, with a note, where it is not installed.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { makeFolder, skip, startProgram, which } from './machine.mjs';

function freePort() {
  return new Promise((resolve) => {
    const probe = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/** Something answers on a socket. where: {port, host} or {path} */
const connects = (where) =>
  new Promise((resolve, reject) => {
    const socket = net.connect(where, () => resolve(socket.destroy()));
    socket.on('error', reject);
  });

const NGINX_PARAMETER = 3500; // a little less than the most that a parameter of its configuration may have

/** nginx that answers everything with so many bytes from memory: as little as a web server can do. */
export async function startNginx(bytes) {
  const program = which('nginx');
  if (!program) return skip('nginx', 'not installed (Debian: nginx-light)');
  const [folder, remove] = makeFolder('nginx');
  const port = await freePort();
  const file = path.join(folder, 'nginx.conf');
  const blocks = Math.floor(bytes / NGINX_PARAMETER);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join('\n  ');
  fs.writeFileSync(
    file,
    `worker_processes 2;
daemon off;
pid ${folder}/pid;
error_log ${folder}/error.log crit;
worker_rlimit_nofile 4096;
events { worker_connections 2048; }
http {
  ${temporary}
  access_log off;
  keepalive_requests 1000000000;
  server {
    listen 127.0.0.1:${port} reuseport;
    default_type application/json;
    set $block '${'x'.repeat(NGINX_PARAMETER)}';
    location / { return 200 '${'${block}'.repeat(blocks)}${'x'.repeat(bytes % NGINX_PARAMETER)}'; }
  }
}
`,
  );
  const nginx = await startProgram(program, ['-p', folder, '-c', file], {
    ready: () => connects({ port, host: '127.0.0.1' }),
    stopSignal: 'SIGQUIT',
  });
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      await nginx.stop();
      remove();
    },
  };
}

/** nginx with nchan: whoever listens at /hear gets what is posted to /tell, from memory; nothing is kept. */
export async function startNchan() {
  const [program, modules] = [which('nginx'), '/usr/lib/nginx/modules'];
  if (!program || !fs.existsSync(`${modules}/ngx_nchan_module.so`))
    return skip('nchan', 'not installed (Debian: nginx-light, libnginx-mod-nchan)');
  const [folder, remove] = makeFolder('nchan');
  const port = await freePort();
  const file = path.join(folder, 'nginx.conf');
  fs.writeFileSync(
    file,
    `load_module ${modules}/ngx_nchan_module.so;
worker_processes 1;
daemon off;
pid ${folder}/pid;
error_log ${folder}/error.log crit;
worker_rlimit_nofile 8192;
events { worker_connections 8192; }
http {
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
  access_log off;
  keepalive_requests 1000000000;
  server {
    listen 127.0.0.1:${port};
    location /tell { nchan_publisher; nchan_channel_id one; nchan_message_buffer_length 1; }
    location /hear { nchan_subscriber websocket; nchan_channel_id one; nchan_subscriber_first_message newest; }
  }
}
`,
  );
  const nginx = await startProgram(program, ['-p', folder, '-c', file], {
    ready: () => connects({ port, host: '127.0.0.1' }),
    stopSignal: 'SIGTERM',
  });
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      await nginx.stop();
      remove();
    },
  };
}

/** Redis that has written to disk what it acknowledges. */
export async function startRedis() {
  const program = which('redis-server');
  if (!program) return skip('Redis', 'not installed (Debian: redis-server)');
  const [folder, remove] = makeFolder('redis');
  const socket = path.join(folder, 'socket');
  const durable = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''];
  const redis = await startProgram(
    program,
    ['--port', '0', '--unixsocket', socket, '--dir', folder, ...durable],
    { ready: () => connects({ path: socket }) },
  );
  return {
    path: socket,
    pid: redis.pid,
    async stop() {
      await redis.stop();
      remove();
    },
  };
}

/** PostgreSQL refuses to run as root: then it runs as its own user, or as nobody. */
function postgresUser() {
  if (process.getuid() !== 0) return {};
  const users = fs
    .readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const user =
    users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody');
  return { uid: Number(user[2]), gid: Number(user[3]) };
}

function postgresProgram(name) {
  const parent = '/usr/lib/postgresql';
  const versions = fs.existsSync(parent) ? fs.readdirSync(parent).sort((a, b) => b - a) : [];
  return which(name, ...versions.map((version) => path.join(parent, version, 'bin')));
}

/** PostgreSQL that has written to disk what it acknowledges. tcp: for a client that knows no sockets of Unix. */
export async function startPostgres({ tcp = false } = {}) {
  const initdb = postgresProgram('initdb');
  const program = postgresProgram('postgres');
  if (!initdb || !program) return skip('PostgreSQL', 'not installed (Debian: postgresql)');
  const { default: pg } = await import('pg');
  const user = postgresUser();
  const [folder, remove] = makeFolder('postgres', user);
  const port = tcp ? await freePort() : 5432;
  const connection = { host: folder, port, user: 'bench', database: 'postgres' };
  const data = path.join(folder, 'data');
  const quiet = { ...user, cwd: folder, stdio: 'ignore' };
  execFileSync(
    initdb,
    ['-D', data, '-U', 'bench', '-A', 'trust', '-E', 'UTF8', '--no-sync'],
    quiet,
  );
  const settings = {
    ...(tcp ? { listen_addresses: '127.0.0.1', port } : { listen_addresses: '' }),
    unix_socket_directories: folder,
    fsync: 'on',
    synchronous_commit: 'on',
    shared_buffers: '512MB',
    max_wal_size: '4GB',
    max_connections: '200',
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const postgres = await startProgram(program, ['-D', data, ...args], {
    ...user,
    cwd: folder,
    async ready() {
      const client = new pg.Client(connection);
      await client.connect(); // it refuses while it starts
      await client.end();
    },
    stopSignal: 'SIGINT', // "fast": does not wait for clients
  });
  return {
    connection,
    async run(sql) {
      const client = new pg.Client(connection);
      await client.connect();
      await client.query(sql).finally(() => client.end());
    },
    async stop() {
      await postgres.stop();
      remove();
    },
  };
}

const ERLANG_LIBRARIES = '/usr/lib/x86_64-linux-gnu /usr/lib/aarch64-linux-gnu /usr/lib';
const SCHEMA = '/usr/share/ejabberd/sql/pg.sql';

/**
 * ejabberd with rooms for whoever comes, over WebSockets, without limits. archive: a PostgreSQL of startPostgres({ tcp: true }) that keeps
 * each message of a room before anybody has it; without, nothing is kept.
 */
export async function startEjabberd(archive = null) {
  const program = which('erl');
  const found = ERLANG_LIBRARIES.split(' ').filter(
    (lib) => fs.existsSync(lib) && fs.readdirSync(lib).some((name) => /^ejabberd-/.test(name)),
  );
  if (!program || !found.length || !fs.existsSync(SCHEMA))
    return skip('ejabberd', 'not installed (Debian: ejabberd, erlang-p1-pgsql)');
  if (archive) await archive.run(fs.readFileSync(SCHEMA, 'utf8'));
  const [folder, remove] = makeFolder('ejabberd');
  const port = await freePort();
  const file = path.join(folder, 'ejabberd.yml');
  const kept = archive
    ? `default_db: sql
sql_type: pgsql
sql_pool_size: 40
sql_server: 127.0.0.1
sql_port: ${archive.connection.port}
sql_database: ${archive.connection.database}
sql_username: ${archive.connection.user}
`
    : '';
  fs.writeFileSync(
    file,
    `hosts: [bench]
loglevel: error
listen:
  - { port: ${port}, ip: 127.0.0.1, module: ejabberd_http, request_handlers: { /ws: ejabberd_http_ws } }
auth_method: anonymous
anonymous_protocol: sasl_anon
allow_multiple_connections: true
${kept}modules:
  mod_muc: { host: rooms.bench, history_size: 0, db_type: mnesia, ram_db_type: mnesia, default_room_options: { mam: ${Boolean(archive)} } }
${archive ? '  mod_mam: { default: never }\n' : ''}`,
  );
  const ejabberd = await startProgram(
    program,
    ['+K', 'true', '-noinput', '-mnesia', 'dir', `"${folder}/mnesia"`, '-s', 'ejabberd'],
    {
      cwd: folder,
      env: {
        PATH: process.env.PATH,
        HOME: folder,
        ERL_LIBS: found[0],
        ERL_CRASH_DUMP: '/dev/null',
        EJABBERD_CONFIG_PATH: file,
        EJABBERD_LOG_PATH: path.join(folder, 'ejabberd.log'),
      },
      ready: () => connects({ port, host: '127.0.0.1' }),
    },
  );
  return {
    url: `ws://127.0.0.1:${port}/ws`,
    async stop() {
      await ejabberd.stop();
      remove();
    },
  };
}
