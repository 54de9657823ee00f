/** Tags that lead to what else carries them. */
import { Link } from "@tanstack/react-router";
import styles from "./Tags.module.css";

export function Tags({ tags }: { tags: readonly string[] }) {
  if (tags.length === 0) return null;
  return (
    <ul className={styles.tags}>
      {tags.map((tag) => (
        <li key={tag}>
          <Link to="/pipelines" search={{ tag }}>
            #{tag}
          </Link>
        </li>
      ))}
    </ul>
  );
}
