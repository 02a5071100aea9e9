// The picture by keyboard: from member to member, on the circle by id, on a tree also up and down.

export function useKeys(canvas, network, { chosen, choose, open, zoom }) {
  const actions = {
    ArrowRight: () => step(1),
    ArrowLeft: () => step(-1),
    ArrowDown: () => network.isTree ? choose(childOf(chosen()) ?? chosen()) : step(1),
    ArrowUp: () => network.isTree ? choose(parentOf(chosen()) ?? chosen()) : step(-1),
    Home: () => choose(network.order[0]),
    End: () => choose(network.order.at(-1)),
    Enter: open,
    Escape: () => choose(null),
    "+": () => zoom(1.4),
    "=": () => zoom(1.4),
    "-": () => zoom(1 / 1.4),
    "0": () => zoom(0),
  };

  function step(by) {
    const order = network.isTree && chosen() ? siblingsOf(chosen()) : network.order;
    if (order.length === 0) return;
    const at = order.indexOf(chosen());
    choose(order[at < 0 ? (by > 0 ? 0 : order.length - 1) : (at + by + order.length) % order.length]);
  }

  const parentOf = id => network.members.get(network.members.get(id)?.above)?.id;
  const childOf = id => network.order.find(other => network.members.get(other).above === id);
  const siblingsOf = id => {
    const level = network.members.get(id)?.level;
    return network.order.filter(other => network.members.get(other).level === level)
      .sort((one, other) => network.members.get(one).angle - network.members.get(other).angle);
  };

  canvas.addEventListener("keydown", event => {
    const action = !event.ctrlKey && !event.metaKey && !event.altKey && actions[event.key];
    if (action) {
      event.preventDefault();
      action();
    }
  });
}
