// Where the phone is. Asked for only when somebody presses; kept in memory, sent only sealed.

const ask = (options) => new Promise((resolve) => {
  if (!navigator.geolocation) return resolve(null);
  return navigator.geolocation.getCurrentPosition(
    ({ coords }) => resolve({ latitude: coords.latitude, longitude: coords.longitude, accuracy_m: Math.min(Math.round(coords.accuracy), 1e6) }),
    () => resolve(null),
    options,
  );
});

export const locate = () => ask({ enableHighAccuracy: true, timeout: 15000, maximumAge: 60000 });

// Only when it was allowed before: a call for help does not wait for a question.
export async function locateIfAllowed() {
  const allowed = await navigator.permissions?.query({ name: "geolocation" }).catch(() => null);
  return allowed?.state === "granted" ? ask({ enableHighAccuracy: true, timeout: 2800, maximumAge: 120000 }) : null;
}

const radians = (degrees) => (degrees * Math.PI) / 180;

// Kilometres on the sphere.
export function distance(one, other) {
  const up = Math.sin(radians(other.latitude - one.latitude) / 2) ** 2;
  const along = Math.sin(radians(other.longitude - one.longitude) / 2) ** 2;
  return 12742 * Math.asin(Math.sqrt(up + Math.cos(radians(one.latitude)) * Math.cos(radians(other.latitude)) * along));
}
