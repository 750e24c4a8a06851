import com.google.gerrit.launcher.GerritLauncher;
import java.lang.reflect.Field;
import java.util.List;
import org.apache.sshd.common.BaseBuilder;
import org.apache.sshd.common.kex.BuiltinDHFactories;

/**
 * Gerrit as it was before SHA-1 went out of use: the setting sshd.kex may name the two old Diffie-Hellman groups again.
 *
 * <p>The ssh library in Gerrit 3.9 still has both; they are only no longer among those that Gerrit lets an admin choose
 * from. That list cannot be written to, but what it is a view of can: the two old groups take the places of the last
 * two. Needs {@code --add-opens java.base/java.util=ALL-UNNAMED}.
 */
final class LegacyGerrit {
  private static final List<BuiltinDHFactories> OLD = List.of(BuiltinDHFactories.dhg14, BuiltinDHFactories.dhg1);

  private LegacyGerrit() {}

  public static void main(String[] args) throws Exception {
    List<BuiltinDHFactories> choice = writable(BaseBuilder.DEFAULT_KEX_PREFERENCE);
    for (int i = 0; i < OLD.size(); i++) choice.set(choice.size() - OLD.size() + i, OLD.get(i));
    GerritLauncher.main(args);
  }

  /** What {@code Collections.unmodifiableList} keeps in its field {@code list}. */
  @SuppressWarnings("unchecked")
  private static <T> List<T> writable(List<T> view) throws ReflectiveOperationException {
    for (Class<?> type = view.getClass(); type != null; type = type.getSuperclass()) {
      for (Field field : type.getDeclaredFields()) {
        if (!field.getName().equals("list")) continue;
        field.setAccessible(true);
        return (List<T>) field.get(view);
      }
    }
    throw new NoSuchFieldException("list");
  }
}
