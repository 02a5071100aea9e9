// The server's feed: the whole picture, then its changes. A connection that breaks is made again by the browser, which says what it saw last.

const PATIENCE = 10_000;

export function listen({ snapshot, delta, state }) {
  let source;

  function connect() {
    source = new EventSource("feed");
    source.addEventListener("open", () => state("live", "live"));
    source.addEventListener("snapshot", event => snapshot(JSON.parse(event.data)));
    source.addEventListener("delta", event => delta(JSON.parse(event.data)));
    source.addEventListener("error", () => {
      if (source.readyState === EventSource.CLOSED) refused();
      else state("lost", "connection lost, trying again");
    });
  }

  // Refused: the browser does not try again by itself, and does not say why.
  async function refused() {
    source.close();
    state("lost", await reason());
    setTimeout(connect, PATIENCE);
  }

  async function reason() {
    const asking = new AbortController();
    try {
      const response = await fetch("feed", { signal: asking.signal });
      const text = response.ok ? "connection lost" : (await response.text()).trim();
      asking.abort();
      return `${text}; trying again in ${PATIENCE / 1000} s`;
    } catch {
      return `no answer; trying again in ${PATIENCE / 1000} s`;
    }
  }

  connect();
}
