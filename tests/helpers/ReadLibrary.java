import com.eteks.sweethome3d.io.DefaultFurnitureCatalog;
import com.eteks.sweethome3d.model.CatalogPieceOfFurniture;
import com.eteks.sweethome3d.model.FurnitureCategory;
import java.io.File;
import java.io.InputStream;
import java.net.URL;

/** java -cp sweethome3d.jar ReadLibrary.java LIBRARY: its pieces by Sweet Home 3D's own reader, a line each. */
public class ReadLibrary {
  public static void main(String[] words) throws Exception {
    DefaultFurnitureCatalog catalog = new DefaultFurnitureCatalog(new URL[] {new File(words[0]).toURI().toURL()}, null);
    for (FurnitureCategory category : catalog.getCategories()) {
      for (CatalogPieceOfFurniture piece : category.getFurniture()) {
        try (InputStream model = piece.getModel().openStream(); InputStream icon = piece.getIcon().openStream()) {
          System.out.println(String.join("\t", category.getName(), piece.getName(),
              "" + piece.getWidth(), "" + piece.getDepth(), "" + piece.getHeight(),
              "" + model.readAllBytes().length, "" + icon.readAllBytes().length));
        }
      }
    }
  }
}
